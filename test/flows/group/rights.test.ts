import { expect } from 'vitest';
import type { ErrorName } from '../../../shared/errors.ts';
import { type Actor, type Given, inThisProcess, type Person } from '../../support/story.ts';

interface Scene {
  group_id: number;
  owner: Person;
  admin: Person;
  member: Person;
  /** A plain member who is the object of the calls. */
  target: Person;
  outsider: Person;
}

type Roles = 'outsider' | 'member' | 'admin' | 'owner';
type Call = Parameters<Actor['asks']>[0];
type Row = [call: Call, parameters: (scene: Scene) => object, refused: Partial<Record<Roles, ErrorName>>];

const target = ({ target: { id } }: Scene) => ({ user_list: [id] });
const none = () => ({});
const members: Row[2] = { outsider: 'needsMember' };
const admins: Row[2] = { outsider: 'needsMember', member: 'needsAdmin' };
const owners: Row[2] = { outsider: 'needsMember', member: 'needsOwner', admin: 'needsOwner' };

/** For each call the roles that are refused, and with which error. All others may, and so may the app. */
const ROWS: Row[] = [
  ['GET /group/info', none, {}],
  ['POST /group/info/batch', ({ group_id }) => ({ group_list: [group_id] }), {}],
  ['GET /group/settings', none, members],
  ['PUT /group/info/name', () => ({ value: 'Name' }), admins],
  ['POST /group/info/avatar', () => ({ value: 'https://example.org/a.png' }), admins],
  ['PUT /group/info/description', () => ({ value: 'About' }), admins],
  ['POST /group/info/ext', () => ({ value: '{}' }), admins],
  ['PUT /group/settings/allow_member_invitation', () => ({ value: true }), admins],
  ['POST /group/settings/allow_member_modify', () => ({ value: false }), admins],
  ['PUT /group/settings/enable_read_ack', () => ({ value: true }), admins],
  ['POST /group/settings/hide_member_info', () => ({ value: false }), admins],
  ['POST /group/settings/history_visible', () => ({ value: true }), admins],
  ['PUT /group/settings/require_admin_approval', () => ({ apply_approval: 1 }), admins],
  ['POST /group/settings/ban_all', () => ({ duration: 1 }), admins],
  ['POST /group/settings/unban_all', none, admins],
  ['POST /group/invite', target, members],
  ['POST /group/kick', ({ group_id }) => ({ group_id, user_list: [1] }), admins],
  ['GET /group/member_list', none, members],
  ['POST /group/members/display_name', target, members],
  ['GET /group/admin_list', none, members],
  ['POST /group/admin/add', target, owners],
  ['DELETE /group/admin/remove', target, owners],
  ['POST /group/ban', (scene) => ({ ...target(scene), duration: 1 }), admins],
  ['POST /group/unban', target, admins],
  ['GET /group/banned_list', none, members],
  ['POST /group/block', ({ outsider }) => ({ user_list: [outsider.id] }), admins],
  ['GET /group/blocked_list', none, admins],
  ['DELETE /group/unblock', ({ outsider }) => ({ user_list: [outsider.id] }), admins],
  ['GET /group/qrcode/sign', none, members],
  ['POST /group/announcement/edit', () => ({ title: 'T', content: 'C' }), admins],
  ['GET /group/announcement/last', none, members],
  ['GET /group/announcement', () => ({ announcement_id: 1 }), members],
  ['GET /group/announcement/list', none, members],
];

const scene = async (given: Given): Promise<Scene> => {
  const [owner, admin, member, target, outsider] = (await given.users(5)) as [Person, Person, Person, Person, Person];
  const group_id = await given.group(owner, { admins: [admin], members: [member, target] });
  return { group_id, owner, admin, member, target, outsider };
};

/** "outsiders (needsMember), members (needsAdmin)" */
const listed = (refused: Row[2]) =>
  Object.entries(refused)
    .map(([role, error]) => `${role}s (${error})`)
    .join(', ') || 'nobody';

inThisProcess('Rights in a group', (story) => {
  for (const [call, parameters, refused] of ROWS)
    story(`${call} refuses ${listed(refused)}`, async (given) => {
      const all = await scene(given);
      const { group_id } = all;
      const given_ = { group_id, ...parameters(all) };
      if (call.startsWith('GET /group/announcement'))
        await all.owner.does('POST /group/announcement/edit', { group_id, title: 'T', content: 'C' });
      for (const role of ['outsider', 'member', 'admin', 'owner'] as const) {
        const { outcome } = await all[role].asks(call, given_);
        expect([role, outcome]).toEqual([role, refused[role] ?? 'success']);
      }
      for (const app of [given.admin(), given.admin({ group: group_id })])
        expect((await app.asks(call, given_)).outcome).toBe('success');
      // The app acting as a user has the rights of that user.
      const asMember = await given.admin({ user: all.member.id }).asks(call, given_);
      expect(asMember.outcome).toBe(refused.member ?? 'success');
      // Parameters are checked before the group, and the group before the role.
      if (call !== 'POST /group/info/batch')
        expect(await all.outsider.fails(call, { ...given_, group_id: 1 })).toBe('groupMissing');
      expect(await all.outsider.fails(call, { ...given_, group_id: 'x', group_list: 'x' })).toBe('badParameter');
    });

  story('members may invite, sign QR codes and modify only where the group allows it (needsAdmin)', async (given) => {
    const { group_id, admin, member, target } = await scene(given);
    const rights = async () => [
      (await member.asks('POST /group/invite', { group_id, user_list: [target.id] })).outcome,
      (await member.asks('GET /group/qrcode/sign', { group_id })).outcome,
      (await member.asks('POST /group/info/name', { group_id, value: 'Name' })).outcome,
      (await member.asks('POST /group/announcement/edit', { group_id, title: 'T', content: 'C' })).outcome,
    ];
    expect(await rights()).toEqual(['success', 'success', 'needsAdmin', 'needsAdmin']);
    await admin.does('POST /group/settings/allow_member_invitation', { group_id, value: 'false' });
    await admin.does('PUT /group/settings/allow_member_modify', { group_id, value: 1 });
    expect(await rights()).toEqual(['needsAdmin', 'needsAdmin', 'success', 'success']);
    expect(await member.does('GET /group/settings', { group_id })).toMatchObject({
      member_invite: false,
      member_modify: true,
    });
    expect(await member.fails('POST /group/announcement/delete', { group_id, announcement_id: 1 })).toBe('needsAdmin');
  });

  story('calls about the person who makes them refuse the app without a user (badParameter)', async (given) => {
    const { group_id, owner } = await scene(given);
    for (const call of [
      'POST /group/display_name',
      'POST /group/msg/mute_mode',
      'POST /group/msg/push_mode',
    ] as const) {
      const parameters = { group_id, value: 'me', msg_mute_mode: 1, msg_push_mode: 1 };
      expect(await given.admin().fails(call, parameters)).toBe('badParameter');
      expect(await given.admin({ group: group_id }).fails(call, parameters)).toBe('badParameter');
      await given.admin({ user: owner.id }).does(call, parameters);
    }
    for (const call of [
      'GET /group/invitation_list',
      'POST /group/qrcode/invite',
      'POST /group/invite/handle',
    ] as const)
      expect(await given.admin().fails(call, { qr_info: 'x', group_id, user_id: owner.id, approval: true })).toBe(
        'badParameter',
      );
  });
});
