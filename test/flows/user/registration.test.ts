import { expect } from 'vitest';
import { forgetCachedApps } from '../../../shared/call/app-cache.ts';
import { Call } from '../../../shared/call/call.ts';
import { updateApp } from '../../../shared/data/app-repo.ts';
import { countersOf, totalOf } from '../../../shared/data/counter-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { registerBatch } from '../../../shared/domain/user/registration.ts';
import type { UserId } from '../../../shared/ids.ts';
import { codeOf } from '../../support/api.ts';
import { type Given, inBothWorlds, inThisProcess, PASSWORD } from '../../support/story.ts';

interface Entry {
  user_id: number;
  username: string;
  success: boolean;
  reason: string;
}
const entry = (username: unknown, password: unknown = PASSWORD) => ({ username, password });
const register = (given: Given, username: string) => given.nobody.asks('POST /user/register/v2', entry(username));

inBothWorlds('Registration in batch', (story) => {
  story('each entry of a batch succeeds or fails alone', async (given) => {
    await register(given, 'taken');
    const list = [
      entry('first'),
      entry('TAKEN'),
      entry('First'),
      entry('maxim_x'),
      entry('short', 'short'),
      { username: 'none' },
      entry(' second '),
    ];
    const answer: Entry[] = await given.admin().does('POST /user/register/batch', { list });
    expect(answer).toEqual([
      { user_id: expect.any(Number), username: 'first', success: true, reason: '' },
      { user_id: 0, username: 'TAKEN', success: false, reason: 'username: already exists' },
      { user_id: 0, username: 'First', success: false, reason: 'username: already exists' },
      { user_id: 0, username: 'maxim_x', success: false, reason: 'username: must not begin with maxim or mta' },
      { user_id: 0, username: 'short', success: false, reason: 'password: must have at least 8 characters' },
      { user_id: 0, username: 'none', success: false, reason: 'password: is required' },
      { user_id: expect.any(Number), username: 'second', success: true, reason: '' },
    ]);
    for (const { username, user_id, success } of answer.filter((one) => one.success)) {
      const session = await given.nobody.does('POST /token/user', { name: username, password: PASSWORD });
      expect(session.user_id).toBe(user_id);
      expect(success).toBe(true);
    }
    const listed: Entry[] = await given.admin().does('GET /user/list');
    expect(listed.map(({ username }) => username)).toEqual(['taken', 'first', 'second']);
  });
});

inThisProcess('Batches', (story) => {
  story('a batch takes a hundred entries over several transactions, and no more (badParameter)', async (given) => {
    // Most entries fail before they are hashed, since hashing takes long.
    const good = (n: number) => n % 2 === 0 && n < 68;
    const list = Array.from({ length: 100 }, (_, n) => entry(`user_${n}`, good(n) ? PASSWORD : 'short'));
    const { body, log } = await given.admin().asks('POST /user/register/batch', { list });
    expect(body.code, JSON.stringify(log)).toBe(200);
    const answer: Entry[] = body.data;
    expect(answer.map(({ success }) => success)).toEqual(list.map((_, n) => good(n)));
    const listed: Entry[] = await given.admin().does('GET /user/list', { page_size: 100 });
    expect(listed.map(({ user_id }) => user_id)).toEqual(
      answer.filter((_, n) => good(n)).map(({ user_id }) => user_id),
    );
    for (const path of ['register', 'avatar', 'profile']) {
      for (const wrong of [{ list: [...list, entry('more')] }, { list: [] }, { list: 'x' }, { list: [5] }]) {
        const { body } = await given.admin().asks(`POST /user/${path}/batch`, wrong);
        expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching(/^list(\[0\])?: /) });
      }
      expect(await given.admin().does(`POST /user/${path}/batch`)).toEqual([]);
    }
  });

  story('a batch registers its users when they are written, after users who came while it hashed', async (given) => {
    const meanwhile = await register(given, 'meanwhile');
    const credentials = { app: given.app, token: given.adminToken, user: undefined, group: undefined };
    const begun = new Call({ access: 'admin' }, credentials, { now: Date.now() - 20_000 });
    const list = ['first', 'second'].map((username) => ({ username, password: PASSWORD, error: undefined }));
    const [first, second] = await registerBatch(begun, list);
    const listed: Entry[] = await given.admin().does('GET /user/list');
    expect(listed.map(({ user_id }) => user_id)).toEqual([
      meanwhile.body.data.user_id,
      first?.user_id,
      second?.user_id,
    ]);
  });

  story('a batch of profiles or avatars changes each user alone', async (given) => {
    const people = await given.users(100);
    const list = people.map(({ id }, n) => ({ user_id: id, avatar: `https://a/${n}`, nick_name: `n${n}` }));
    const succeeded = people.map(({ id }) => ({ user_id: id, success: true, reason: '' }));
    expect(await given.admin().does('PUT /user/avatar/batch', { list })).toEqual(succeeded);
    expect(await given.admin().does('POST /user/profile/batch', { list })).toEqual(succeeded);
    for (const n of [0, 49, 50, 99])
      expect(await people[n]!.does('GET /user/profile')).toMatchObject({
        avatar: `https://a/${n}`,
        nick_name: `n${n}`,
      });

    const [one, two, three] = people.map(({ id }) => id) as [UserId, UserId, UserId];
    const mixed = [
      { user_id: one, nick_name: 'x'.repeat(129), private_info: 'never' },
      { user_id: 1, nick_name: 'nobody' },
      { user_id: String(two), nick_name: null, description: 'changed' },
      { user_id: two, description: 'a second time' },
      { user_id: three, private_info: 'ü'.repeat(8193) },
      // A user who comes twice is handled once, at the first place.
      { user_id: one, nick_name: 'a second time' },
    ];
    expect(await given.admin().does('PUT /user/profile/batch', { list: mixed })).toEqual([
      { user_id: one, success: false, reason: 'nick_name: must have at most 128 characters' },
      { user_id: 1, success: false, reason: 'user does not exist' },
      { user_id: two, success: true, reason: '' },
      { user_id: three, success: false, reason: 'private_info: must have at most 16384 bytes' },
    ]);
    expect(await people[0]!.does('GET /user/profile')).toMatchObject({ nick_name: 'n0', private_info: '' });
    expect(await people[1]!.does('GET /user/profile')).toMatchObject({ description: 'changed', nick_name: 'n1' });
    const avatars = [{ user_id: one }, { user_id: two, avatar: '' }];
    expect(await given.admin().does('POST /user/avatar/batch', { list: avatars })).toEqual([
      { user_id: one, success: false, reason: 'avatar: is required' },
      { user_id: two, success: true, reason: '' },
    ]);
  });
});

inThisProcess('Registration for push', (story) => {
  story('registration for push binds a push token, and the device keeps it when it logs in', async (given) => {
    const push = (username: string, more: object) =>
      given.nobody.does('POST /user/register/push', { ...entry(username), sign: 'x', ...more });
    expect(await push('plain', {})).toMatchObject({ push_token: '' });
    expect(await push('given', { alias: 'a', push_token: 'mine' })).toMatchObject({ push_token: 'mine' });
    expect(await push('empty', { alias: '', push_token: '' })).toMatchObject({ push_token: '' });
    // Many clients send an empty text for what they do not have.
    expect((await push('none', { device_guid: 'phone', push_token: '' })).push_token).toMatch(/^[\w-]{32}$/);
    const issued = await push('issued', { device_guid: 'phone' });
    expect(issued.push_token).toMatch(/^[\w-]{32}$/);
    const session = await given.nobody.does('POST /token/id', {
      user_id: issued.user_id,
      password: PASSWORD,
      device_guid: 'phone',
    });
    expect(session.push_token).toBe(issued.push_token);
    const devices = await given.admin({ user: issued.user_id }).does('GET /user/device/list');
    expect(devices).toHaveLength(1);
    expect(schema.device.key(given.app, issued.user_id, devices[0].device_sn).sk).toMatch(/^D#\d+$/);
  });
});

inThisProcess('Apps', (story) => {
  story('an app that is closed registers users by its admins only (registrationClosed)', async (given) => {
    await given.db.write([updateApp(given.app, { registration: 'closed' })]);
    forgetCachedApps();
    expect((await register(given, 'one')).outcome).toBe('registrationClosed');
    expect(await given.nobody.fails('POST /user/register/push', entry('one'))).toBe('registrationClosed');
    const [made] = await given.admin().does('POST /user/register/batch', { list: [entry('one')] });
    expect(made).toMatchObject({ success: true });
  });

  story('an app that is disabled answers nobody (appDisabled)', async (given) => {
    const person = await given.user();
    await given.db.write([updateApp(given.app, { status: 'disabled' })]);
    forgetCachedApps();
    expect((await register(given, 'one')).outcome).toBe('appDisabled');
    expect(await given.nobody.fails('POST /token/id', { user_id: person.id, password: PASSWORD })).toBe('appDisabled');
    expect(await person.fails('GET /user/profile')).toBe('appDisabled');
    expect(await given.admin().fails('GET /user/list')).toBe('appDisabled');
  });

  story(
    'an app that is full registers nobody in any way (tooManyUsers) until a user is deleted',
    async (given) => {
      const total = async () => totalOf(await given.db.read(countersOf(given.app)), 'users');
      const list = ['one', 'two', 'three', 'four'].map((name) => entry(name));
      const answer: Entry[] = await given.admin().does('POST /user/register/batch', { list });
      expect(answer.map(({ success }) => success)).toEqual([true, true, true, false]);
      expect(answer[3]?.reason).toBe('the app has reached its limit of users');
      expect((await register(given, 'five')).outcome).toBe('tooManyUsers');
      expect(await given.nobody.fails('POST /user/register/push', entry('five'))).toBe('tooManyUsers');
      expect(await total()).toBe(3);
      await given.admin({ user: answer[0]!.user_id }).does('POST /user/delete');
      expect(await total()).toBe(2);

      // Simultaneous calls may exceed the limit together; later calls are refused.
      const answers = await given.race(...Array.from({ length: 10 }, (_, n) => () => register(given, `racer_${n}`)));
      const registered = answers.filter(({ outcome }) => outcome === 'success').length;
      expect(registered).toBeGreaterThan(0);
      for (const { outcome } of answers) expect(['success', 'tooManyUsers']).toContain(outcome);
      expect(await total()).toBe(2 + registered);
      expect((await register(given, 'late')).outcome).toBe('tooManyUsers');
    },
    { limits: { users: 3 } },
  );
});
