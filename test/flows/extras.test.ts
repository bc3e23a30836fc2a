import { describe, expect } from 'vitest';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { updateApp } from '../../shared/data/app-repo.ts';
import { groupOf } from '../../shared/data/group-repo.ts';
import { inBothWorlds, inThisProcess, PASSWORD, type Person } from '../support/story.ts';

/** Routes that clients of the hosted service call, although its documents do not have them. */
describe('Extras', () => {
  inBothWorlds('Guests', (story) => {
    story(
      'a guest gets a drawn username, by which it logs in and acts as any user',
      async (given) => {
        const register = (more: object = {}) =>
          given.nobody.does('POST /user/register/anonymous', { username: 'anon_', password: PASSWORD, ...more });
        const [one, other] = await Promise.all([register({ cid: 'some browser' }), register()]);
        expect(one).toMatchObject({ user_id: one.id, auth_mode: 0, username: `anon_${one.user_id}` });
        expect(other.username).not.toBe(one.username);
        const session = await given.nobody.does('POST /token/user', { name: one.username, password: PASSWORD });
        expect(session.user_id).toBe(one.user_id);
        const guest = given.admin({ user: one.user_id });
        expect(await guest.does('GET /user/profile')).toMatchObject({ username: one.username });
        const { group_id } = await guest.does('POST /group/create', { name: 'Of a guest' });
        expect(await guest.does('GET /group/user_joined')).toEqual([group_id]);
        // Without a beginning of its own; the longest one leaves room for any id.
        expect((await register({ username: undefined })).username).toMatch(/^guest_\d+$/);
        expect((await register({ username: 'x'.repeat(54) })).username.length).toBeLessThanOrEqual(64);
        for (const username of ['', '12', 'a b', 'maxim_', 'x'.repeat(55)])
          expect(
            await given.nobody.fails('POST /user/register/anonymous', { username, password: PASSWORD }),
            username,
          ).toBe('badParameter');
        expect(await given.nobody.fails('POST /user/register/anonymous', { username: 'anon_' })).toBe('badParameter');
      },
      { limits: { guests: 1 } },
    );

    story('no app has guests unless an operator lets them in (registrationClosed)', async (given) => {
      expect(await given.nobody.fails('POST /user/register/anonymous', { password: PASSWORD })).toBe(
        'registrationClosed',
      );
      expect(await given.admin().does('GET /user/list')).toEqual([]);
    });

    story(
      'a guest counts as a user (tooManyUsers)',
      async (given) => {
        const outcomes = [];
        for (let n = 0; n < 3; n++)
          outcomes.push((await given.nobody.asks('POST /user/register/anonymous', { password: PASSWORD })).outcome);
        expect(outcomes).toEqual(['success', 'success', 'tooManyUsers']);
        expect(await given.nobody.fails('POST /user/register/v2', { username: 'alice', password: PASSWORD })).toBe(
          'tooManyUsers',
        );
      },
      { limits: { guests: 1, users: 2 } },
    );
  });

  inThisProcess('Guests of an app', (story) => {
    story(
      'an app that closed registration refuses guests too (registrationClosed)',
      async (given) => {
        await given.db.write([updateApp(given.app, { registration: 'closed' })]);
        forgetCachedApps();
        expect(await given.nobody.fails('POST /user/register/anonymous', { password: PASSWORD })).toBe(
          'registrationClosed',
        );
      },
      { limits: { guests: 1 } },
    );
  });

  inBothWorlds('Groups', (story) => {
    story('the members of a group are hidden from plain members while an admin says so (needsAdmin)', async (given) => {
      const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
      const group_id = await given.group(alice, { admins: [bob], members: [carol] });
      const hide = (who: Person, value: unknown) =>
        who.asks('POST /group/settings/hide_member_info', { group_id, value });
      const lists = async (who: { asks: Person['asks'] }) => [
        (await who.asks('GET /group/member_list', { group_id })).outcome,
        (await who.asks('POST /group/members/display_name', { group_id, user_list: [alice.id] })).outcome,
        (await who.asks('GET /group/admin_list', { group_id })).outcome,
      ];
      const [shown, hidden] = [Array(3).fill('success'), Array(3).fill('needsAdmin')];
      expect((await hide(carol, true)).outcome).toBe('needsAdmin');
      expect(await lists(carol)).toEqual(shown);
      expect((await hide(bob, '1')).body.data).toBe(true);
      expect(await carol.does('GET /group/settings', { group_id })).toMatchObject({ hide_member_info: true });
      expect(await carol.does('GET /group/info', { group_id })).toMatchObject({ hide_member_info: true });
      expect(await lists(carol)).toEqual(hidden);
      for (const who of [alice, bob, given.admin(), given.admin({ group: group_id })])
        expect(await lists(who)).toEqual(shown);
      const eve = await given.user();
      expect(await eve.fails('GET /group/member_list', { group_id })).toBe('needsMember');
      // What else members may do stays as it is.
      await carol.does('GET /group/banned_list', { group_id });
      await carol.does('POST /group/leave', { group_id });
      await carol.does('POST /group/apply', { group_id });
      expect((await hide(alice, false)).outcome).toBe('success');
      // Off, it takes no room in the item of the group.
      expect(await given.db.read(groupOf(given.app, group_id))).not.toHaveProperty('hide_member_info');
      expect(await alice.does('GET /group/info', { group_id })).toMatchObject({ hide_member_info: false });
    });

    story('not_disturb sets whether messages of the group arrive silently', async (given) => {
      const [alice, bob] = (await given.users(2)) as [Person, Person];
      const group_id = await given.group(alice, { members: [bob] });
      const mode = async (who: Person) => (await who.does('GET /group/settings', { group_id })).msg_mute_mode;
      expect(await bob.does('POST /group/msg/not_disturb', { group_id, value: 'true' })).toEqual({});
      expect([await mode(alice), await mode(bob)]).toEqual([0, 1]);
      await bob.does('POST /group/msg/not_disturb', { group_id, value: 0 });
      expect(await mode(bob)).toBe(0);
      expect(await bob.fails('POST /group/msg/not_disturb', { group_id, value: 2 })).toBe('badParameter');
      const eve = await given.user();
      expect(await eve.fails('POST /group/msg/not_disturb', { group_id, value: 1 })).toBe('needsMember');
      expect(await given.admin().fails('POST /group/msg/not_disturb', { group_id, value: 1 })).toBe('badParameter');
    });

    story('a QR code is signed and used by the paths below /app too', async (given) => {
      const [alice, bob, carol] = (await given.users(3)) as [Person, Person, Person];
      const group_id = await given.group(alice);
      const { qr_info } = await alice.does('GET /app/qrcode/group_sign', { group_id });
      const { name } = await alice.does('GET /group/info', { group_id });
      expect(await bob.does('POST /app/qrcode/group_invite', { qr_info })).toEqual({ group_id, name });
      expect(await carol.does('GET /app/qrcode/group_invite', { qr_info })).toEqual({ group_id, name });
      expect(await carol.fails('POST /group/qrcode/invite', { qr_info })).toBe('alreadyMember');
      expect(await carol.fails('GET /app/qrcode/group_sign', { group_id: 1 })).toBe('groupMissing');
      expect(await given.nobody.fails('GET /app/qrcode/group_sign', { group_id })).toBe('noToken');
    });
  });
});
