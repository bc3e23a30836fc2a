import '../../support/cheap-hashing.ts';
import { expect } from 'vitest';
import { forgetCachedApps } from '../../../shared/call/app-cache.ts';
import { userAndDevicesOf } from '../../../shared/data/device-repo.ts';
import { asUsername, likelyId } from '../../../shared/domain/user/likely-id.ts';
import { fixedIssuer } from '../../support/issuer.ts';
import { type Given, inThisProcess, PASSWORD } from '../../support/story.ts';

const register = async (given: Given, username: string): Promise<number> =>
  (await given.nobody.does('POST /user/register/v2', { username, password: PASSWORD })).user_id;

/** Who logged in, and in how many round trips. */
async function login(given: Given, name: string, password = PASSWORD) {
  const { body, log } = await given.nobody.asks('POST /token/user', { name, password });
  return { user: body.data?.user_id, trips: log!.trips };
}

inThisProcess('Round trips of logins', (story) => {
  story(
    'a registered user logs in by name in two round trips, an instance that does not know the app in three',
    async (given) => {
      const user = await register(given, 'Anna_1');
      expect(await login(given, ' aNNA_1 ')).toEqual({ user, trips: 2 });
      forgetCachedApps();
      expect(await login(given, 'anna_1')).toEqual({ user, trips: 3 });
      expect(await login(given, 'anna_1')).toEqual({ user, trips: 2 });
      // One of a batch, and one for push, too.
      const list = ['anna_2', 'anna_3'].map((username) => ({ username, password: PASSWORD }));
      for (const { user_id, username } of await given.admin().does('POST /user/register/batch', { list }))
        expect(await login(given, username)).toEqual({ user: user_id, trips: 2 });
      const pushed = { username: 'anna_4', password: PASSWORD, device_guid: 'phone' };
      const { user_id } = await given.nobody.does('POST /user/register/push', pushed);
      expect(await login(given, 'anna_4')).toEqual({ user: user_id, trips: 2 });
    },
  );

  story('ids follow from names only by the secret of the app', async (given) => {
    const other = await given.otherApp();
    const ids = await Promise.all([given, other].map((of) => register(of, 'boris')));
    expect(ids).toEqual([given, other].map(({ record }) => likelyId(record, asUsername('BORIS'))));
    expect(ids[0]).not.toBe(ids[1]);
  });

  story(
    'who had a name before never logs in by it, and the id of a deleted user is never used again',
    async (given) => {
      const first = await register(given, 'clara');
      const asFirst = given.admin({ user: first });
      await asFirst.does('PUT /user/username', { username: 'clara_the_first' });
      // The name is free: the account that it leads to is another user's.
      expect((await login(given, 'clara')).user).toBeUndefined();
      expect(await login(given, 'clara_the_first')).toEqual({ user: first, trips: 3 });
      const own = 'her own password';
      const { user_id: second } = await given.nobody.does('POST /user/register/v2', {
        username: 'clara',
        password: own,
      });
      expect(second).not.toBe(first);
      expect((await login(given, 'clara')).user).toBeUndefined();
      expect(await login(given, 'clara', own)).toEqual({ user: second, trips: 3 });
      await asFirst.does('POST /user/delete');
      const third = await register(given, 'clara_the_first');
      const list = [{ username: 'dora', password: PASSWORD }];
      const dora = await register(given, 'dora');
      await given.admin({ user: dora }).does('POST /user/delete');
      const [{ user_id: again }] = await given.admin().does('POST /user/register/batch', { list });
      expect(new Set([first, second, third, dora, again]).size).toBe(5);
      expect(await login(given, 'dora')).toEqual({ user: again, trips: 3 });
    },
  );

  story('a user who registered by a token is logged in by the next ones in two round trips', async (given) => {
    const { issuer, token } = await fixedIssuer(given, { create: true });
    const exchange = async (subject: string) => {
      const { body, log } = await given.nobody.asks('POST /token/exchange', { subject_token: token(subject) });
      return { user: body.data?.user_id, trips: log!.trips, reads: log!.read_units };
    };
    await exchange('first');
    const { user, trips } = await exchange('erik');
    expect(trips).toBe(2);
    expect(await exchange('erik')).toMatchObject({ user, trips: 2 });
    // Bound to a user who had registered otherwise.
    const frank = await register(given, 'frank');
    await given.admin().does('POST /user/identity/bind', { user_id: frank, issuer, subject: 'frank' });
    expect(await exchange('frank')).toMatchObject({ user: frank, trips: 3 });
    // The name is taken: the write finds it.
    const { user: named, trips: more } = await exchange('Frank');
    expect(more).toBe(3);
    expect(await exchange('Frank')).toMatchObject({ user: named, trips: 2 });
    // A token that this issuer has not signed brings no account.
    const forged = `${token('erik').slice(0, -20)}${'A'.repeat(20)}`;
    const { outcome, log } = await given.nobody.asks('POST /token/exchange', { subject_token: forged });
    expect([outcome, log!.trips]).toEqual(['externalTokenRefused', 1]);
    expect(log!.read_units).toBeLessThan((await exchange('erik')).reads);
  });

  story('a user is read with its devices, and with nothing else of it as a device', async (given) => {
    const person = await given.user();
    const phone = { name: person.username, password: PASSWORD, device_guid: 'phone' };
    await given.nobody.does('POST /token/user', phone);
    const stored = userAndDevicesOf(given.app, person.id);
    const { listed } = await given.db.read(stored);
    const { sn } = listed.find(({ guid }) => guid === 'phone')!;
    await person.does('POST /user/device/remove', { device_sn: sn });
    expect(await given.db.read(stored)).toMatchObject({ listed: [{ sn: person.device }], tombstones: [sn] });
  });
});
