import { expect } from 'vitest';
import { routes } from '../../shared/routes/index.ts';
import type { Api } from '../support/api.ts';
import { type Given, inThisProcess, PASSWORD, Person } from '../support/story.ts';

/** Areas that have flows of their own. */
const APART = ['file', 'roster', 'event', 'access'];

const NEW_PASSWORD = 'a longer horse battery';

/** An API that records which operations were called. */
const recording = (api: Api, called: Set<string>): Api => ({
  call(method, path, request) {
    called.add(`${method} ${path}`);
    return api.call(method, path, request);
  },
});

/** Registers and logs in a user, as clients do. */
async function newcomer(given: Given, api: Api, username: string): Promise<Person> {
  const { body } = await api.call('POST', '/user/register/v2', {
    app: given.app,
    body: { username, password: PASSWORD },
  });
  const { body: session } = await api.call('POST', '/token/user', {
    app: given.app,
    body: { name: username, password: PASSWORD, device_guid: `${username}-phone` },
    headers: { 'user-agent': 'Roster Tour/1.0 (iPhone; iOS 20.1)' },
  });
  return new Person(api, given.app, { id: body.data.user_id, username, device: 0, token: session.data.token });
}

/** One story that calls every operation: its answers are the examples of the API's description. */
inThisProcess('The tour', (story) => {
  story(
    'a club calls every operation on users and groups, from its first member to its end',
    async (given) => {
      const called = new Set<string>();
      const api = recording(given.api, called);
      const [alice, bob, carol, dave] = (await Promise.all(
        ['alice', 'bob', 'carol', 'dave'].map((name) => newcomer(given, api, name)),
      )) as [Person, Person, Person, Person];
      const admin = given.admin();
      const app = Object.assign(given.admin(), { api });
      const asUser = (user: number) => Object.assign(given.admin({ user }), { api });
      expect(admin.headers.token).toBe(app.headers.token);

      // Profile and settings
      expect(await alice.does('PUT /user/nickname', { nick_name: 'Alice' })).toBe(true);
      await alice.does('PUT /user/avatar', { avatar: 'https://example.org/alice.png' });
      await alice.does('PUT /user/profile', { nick_name: 'Alice', description: 'Walks every Sunday' });
      await alice.does('PUT /user/mobile', { mobile: '+15550100' });
      await alice.api.call('PUT', '/user/private', { ...alice.headers, body: { theme: 'dark' } });
      await alice.api.call('PUT', '/user/public', { ...alice.headers, body: { city: 'Lisbon' } });
      expect(await alice.does('GET /user/profile')).toMatchObject({ nick_name: 'Alice', mobile: '+15550100' });
      await alice.does('PUT /user/authmode', { value: 1 });
      await alice.does('PUT /user/download', { value: true });
      await alice.does('PUT /user/push', { value: false });
      await alice.does('PUT /user/push/detail', { value: true });
      await alice.does('PUT /user/push/limit', { no_push_start_hour: 22, no_push_end_hour: 7 });
      await alice.does('PUT /user/push/nickname', { value: 'Alice' });
      await alice.does('PUT /user/sounds', { value: false });
      await alice.does('PUT /user/vibratory', { value: true });
      await alice.does('PUT /user/settings', { user_id: alice.id, group_confirm: true });
      expect(await alice.does('GET /user/settings')).toMatchObject({ no_push_start_hour: 22, group_confirm: true });
      await alice.does('PUT /user/settings', { user_id: alice.id, group_confirm: false });

      // Devices and push
      const [{ device_sn }] = await alice.does('GET /user/device/list');
      await alice.does('PUT /user/token/bind', { device_sn, device_token: 'apns-740f4707', notifier_name: 'club-ios' });
      await alice.does('POST /user/token/unbind', { deviceSn: device_sn });
      await alice.does('POST /user/push/alias', { alias: 'alice-club' });
      await alice.does('POST /user/push/badge', { badge: 3 });
      await alice.does('POST /user/push/tag', { tags: ['hiking', 'early-bird'] });
      expect(await alice.does('GET /user/push/tag')).toEqual(['hiking', 'early-bird']);
      await alice.does('DELETE /user/push/tag', { tags: ['early-bird'] });
      await alice.does('DELETE /user/push/tag/all');
      expect(await alice.does('GET /user/online_status')).toEqual({ online: true });

      // A public group whose members an admin lets in
      const club = { name: 'Sunday walkers', description: 'Ten miles, then cake', type: 1, user_list: [bob.id] };
      const { group_id } = await alice.does('POST /group/create', club);
      await alice.does('PUT /group/info/name', { group_id, value: 'Sunday Walkers' });
      await alice.does('PUT /group/info/avatar', { group_id, value: 'https://example.org/walkers.png' });
      await alice.does('PUT /group/info/description', { group_id, value: 'Ten miles, then cake' });
      await alice.does('PUT /group/info/ext', { group_id, value: '{"pace":"easy"}' });
      await alice.does('PUT /group/settings/require_admin_approval', { group_id, apply_approval: 1 });
      await alice.does('PUT /group/settings/allow_member_invitation', { group_id, value: true });
      await alice.does('PUT /group/settings/allow_member_modify', { group_id, value: false });
      await alice.does('PUT /group/settings/enable_read_ack', { group_id, value: true });
      await alice.does('PUT /group/settings/history_visible', { group_id, value: true });
      await alice.does('POST /group/settings/hide_member_info', { group_id, value: false });
      expect(await alice.does('GET /group/settings', { group_id })).toMatchObject({
        apply_approval: 1,
        read_ack: true,
      });
      expect(await carol.does('GET /group/public_list')).toEqual([group_id]);
      expect(await carol.does('GET /group/info', { group_id })).toMatchObject({ name: 'Sunday Walkers', count: 2 });
      await carol.does('POST /group/info/batch', { group_list: [group_id] });

      // Members come by application, invitation and QR code
      await carol.does('POST /group/apply', { group_id, reason: 'I bring cake' });
      expect(await alice.does('POST /group/application_list', { group_list: [group_id] })).toHaveLength(1);
      await alice.does('POST /group/apply/handle', { group_id, user_id: carol.id, approval: true });
      await dave.does('PUT /user/settings', { user_id: dave.id, group_confirm: true });
      await bob.does('POST /group/invite', { group_id, user_list: [dave.id], reason: 'Join us on Sunday' });
      expect(await dave.does('GET /group/invitation_list')).toHaveLength(1);
      await dave.does('POST /group/invite/handle', { group_id, user_id: bob.id, approval: true });
      const erin = await newcomer(given, api, 'erin');
      const { qr_info } = await alice.does('GET /group/qrcode/sign', { group_id });
      await erin.does('POST /group/qrcode/invite', { qr_info });
      expect(await alice.does('GET /group/member_list', { group_id })).toHaveLength(5);
      expect(await erin.does('GET /group/user_joined')).toEqual([group_id]);

      // How a member appears and what it hears
      await bob.does('PUT /group/display_name', { group_id, value: 'Bob the guide' });
      await bob.does('POST /group/msg/not_disturb', { group_id, value: true });
      await bob.does('PUT /group/msg/mute_mode', { group_id, msg_mute_mode: 1 });
      await bob.does('PUT /group/msg/push_mode', { group_id, msg_push_mode: 2 });
      await alice.does('POST /group/members/display_name', { group_id, user_list: [bob.id, carol.id] });

      // Announcements
      const { id } = await alice.does('POST /group/announcement/edit', {
        group_id,
        title: 'Next walk',
        content: 'Sunday at nine, at the old bridge.',
      });
      await bob.does('GET /group/announcement', { group_id, announcement_id: id });
      await bob.does('GET /group/announcement/last', { group_id });
      expect(await bob.does('GET /group/announcement/list', { group_id })).toHaveLength(1);
      await alice.does('POST /group/announcement/delete', { group_id, announcement_id: id });

      // Order in the group
      await alice.does('POST /group/admin/add', { group_id, user_list: [bob.id] });
      expect(await carol.does('GET /group/admin_list', { group_id })).toHaveLength(1);
      await bob.does('POST /group/ban', { group_id, duration: 60, user_list: [erin.id] });
      expect(await bob.does('GET /group/banned_list', { group_id })).toHaveLength(1);
      const asks = { action: 'publish', token: erin.token, group_id };
      const [decision] = await app.does('POST /access/check', { items: [asks] });
      expect(decision).toMatchObject({ allow: false, code: 20026, role: 0 });
      await bob.does('POST /group/unban', { group_id, user_list: [erin.id] });
      expect(await app.does('POST /token/introspect', { token: erin.token })).toMatchObject({ active: true });
      expect(await erin.does('GET /token/self')).toMatchObject({ kind: 'user', user_id: erin.id });
      await bob.does('POST /group/settings/ban_all', { group_id, duration: 30 });
      await bob.does('POST /group/settings/unban_all', { group_id });
      await bob.does('POST /group/block', { group_id, user_list: [erin.id] });
      expect(await bob.does('GET /group/blocked_list', { group_id })).toHaveLength(1);
      await bob.does('POST /group/unblock', { group_id, user_list: [erin.id] });
      await bob.does('POST /group/kick', { group_id, user_list: [dave.id] });
      await carol.does('POST /group/leave', { group_id });
      await alice.does('POST /group/admin/remove', { group_id, user_list: [bob.id] });
      await alice.does('POST /group/transfer', { group_id, new_owner: bob.id });

      // What the app's own server does
      expect(await app.does('GET /user/list', { page_size: 3 })).toHaveLength(3);
      await app.does('POST /user/register/batch', {
        list: [
          { username: 'frank', password: PASSWORD },
          { username: 'alice', password: PASSWORD },
        ],
      });
      await app.does('PUT /user/avatar/batch', { list: [{ user_id: bob.id, avatar: 'https://example.org/bob.png' }] });
      await app.does('PUT /user/profile/batch', { list: [{ user_id: bob.id, nick_name: 'Bob' }] });
      await app.does('PUT /user/disable', { list: [erin.id] });
      await app.does('PUT /user/enable', { list: [erin.id] });
      await asUser(erin.id).does('POST /user/change_password_admin', { password: NEW_PASSWORD });
      await asUser(bob.id).does('POST /group/destroy', { group_id });

      // Passwords, names and sessions
      const push = { username: 'grace', password: PASSWORD, alias: 'grace-club', device_guid: 'grace-tablet' };
      const nobody = Object.assign(given.nobody, { api });
      await nobody.does('POST /user/register/push', push);
      await nobody.does('POST /user/register/anonymous', { username: 'walker_', password: PASSWORD });
      await nobody.does('POST /token/login', {
        login_name: '+15550100',
        password: PASSWORD,
        device_guid: 'alice-desk',
      });
      await nobody.does('POST /token/id', { user_id: alice.id, password: PASSWORD, device_guid: 'alice-web' });
      const devices = await alice.does('GET /user/device/list');
      expect(devices).toHaveLength(3);
      const others = devices.filter((device: { device_sn: number }) => device.device_sn !== device_sn);
      await alice.does('PUT /user/kick', { device_sn: others[0].device_sn });
      await alice.does('POST /user/device/remove', { device_sn: others[1].device_sn });
      await alice.does('PUT /user/username', { username: 'alice_walks' });
      await alice.does('POST /user/change_password', { old_password: PASSWORD, new_password: NEW_PASSWORD });
      expect(await dave.does('POST /user/delete', { password: PASSWORD })).toBe(true);

      const missed = routes.filter(({ path, methods }) => !methods.some((method) => called.has(`${method} ${path}`)));
      expect(missed.filter(({ area }) => !APART.includes(area)).map(({ id }) => id)).toEqual([]);
    },
    { limits: { guests: 1 } },
  );

  story('every operation refuses a call without a token (noToken), and names missing parameters', async (given) => {
    for (const { id, path, methods, access } of routes) {
      const alice = await given.user();
      const call = `${methods[0]!} ${path}` as const;
      if (access !== 'public') expect(await given.nobody.fails(call), id).toBe('noToken');
      const { body, outcome } = await (access !== 'public' ? alice : given.nobody).asks(call);
      // An operation without parameters succeeds, and one for admins answers noPermission first.
      expect(['success', 'badParameter', 'noPermission'], `${id}: ${body.message}`).toContain(outcome);
      if (outcome === 'badParameter') expect(body.message, id).toMatch(/^\w+: /);
    }
  });
});
