import { matches } from '../../data/expression.ts';
import type { Group } from '../../data/group-repo.ts';
import { groupKey, groupMembershipKey } from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  OWNER_ROLE,
  type Role,
  unchangedRole,
} from '../../data/membership-repo.ts';
import { check, type Step } from '../../data/step.ts';
import { ApiError } from '../../errors.ts';
import type { Call } from '../call.ts';

/**
 * Who may do what in a group (docs/behaviour.md, Roles and permissions). `admin` is owner or admin; the app acts with
 * the owner's rights in every group, and an admin token with a `group_id` header in that group.
 */
const PERMISSIONS = {
  settings: 'member',
  change_settings: 'admin',
  change_info: 'admin, any member if member_modify',
  destroy: 'owner',
  transfer: 'owner',

  member_list: 'member',
  own_membership: 'member',
  invite: 'admin, any member if member_invite',
  sign_qrcode: 'admin, any member if member_invite',
  handle_application: 'admin',
  kick: 'admin',
  leave: 'member',

  appoint: 'owner',
  admin_list: 'member',
  ban: 'admin',
  banned_list: 'member',
  block: 'admin',
  blocked_list: 'admin',

  announcements: 'member',
  publish: 'admin, any member if member_modify',
  delete_announcement: 'admin',

  files: 'member',
  upload_file: 'member',
  change_file: 'admin, or whoever uploaded it',
} as const satisfies Record<string, Who>;

type Who =
  | 'member'
  | 'admin'
  | 'owner'
  | 'admin, any member if member_invite'
  | 'admin, any member if member_modify'
  /** Which file it is shows later: see `mayChange`. */
  | 'admin, or whoever uploaded it';

export type Action = keyof typeof PERMISSIONS;

/** Whoever acts in a group: with which role, and as which of its people (the owner where the app acts). */
export interface GroupActor {
  /** What the app has: the owner's. */
  role: Role;
  user: number;
  /** Absent where the app acts: it needs no membership. */
  membership?: GroupMembership;
}

/** The group that is there. @throws ApiError groupMissing where it is missing or dissolved */
export function existingGroup(group: Group | undefined): Group {
  if (!group || group.status === 'dissolved') throw new ApiError('groupMissing');
  return group;
}

/** The group membership that says what the actor may do: nothing to read where the app acts. */
export const actorMembership = (call: Call, group: number) =>
  call.me === undefined ? [] : [groupMembershipOf(call.app, group, call.me)];

/**
 * The actor's rights in a group that is there.
 * @throws ApiError groupMissing, then needsMember, needsAdmin or needsOwner
 */
export function permit(
  call: Call,
  action: Action,
  found: Group | undefined,
  [membership]: (GroupMembership | undefined)[],
): { group: Group; actor: GroupActor } {
  const group = existingGroup(found);
  if (call.me === undefined) return { group, actor: { role: OWNER_ROLE, user: group.owner } };
  if (!isMember(membership)) throw new ApiError('needsMember');
  const actor = { role: membership.role, user: call.me, membership };
  const who = PERMISSIONS[action] as Who;
  const open =
    (who === 'admin, any member if member_invite' && group.member_invite) ||
    (who === 'admin, any member if member_modify' && group.member_modify) ||
    who === 'admin, or whoever uploaded it';
  if (who === 'owner' && actor.role !== OWNER_ROLE) throw new ApiError('needsOwner');
  if (who.startsWith('admin') && !open && actor.role < ADMIN_ROLE) throw new ApiError('needsAdmin');
  return { group, actor };
}

/** What a plain member's right rests on, which must still hold of the group in the write. */
export function stillOpen(action: Action, { role }: Pick<GroupActor, 'role'>): Partial<Group> {
  const who = PERMISSIONS[action] as Who;
  if (role >= ADMIN_ROLE) return {};
  if (who === 'admin, any member if member_invite') return { member_invite: true };
  if (who === 'admin, any member if member_modify') return { member_modify: true };
  return {};
}

/** The group is there, and what a plain member's right rests on still holds. */
export const openCheck = (app: string, group: number, action: Action, actor: GroupActor): Step =>
  check(groupKey(app, group), matches<Group>({ status: 'normal', ...stillOpen(action, actor) }));

/** The same for writes that need not know of the group: nothing where the right rests on the role. */
export const stillOpenCheck = (app: string, group: number, action: Action, actor: GroupActor): Step[] =>
  Object.keys(stillOpen(action, actor)).length > 0 ? [openCheck(app, group, action, actor)] : [];

/** Proves in a write that the actor still has the role that was read. */
export const sameRole = (app: string, group: number, { user, membership }: GroupActor): Step[] =>
  membership ? [check(groupMembershipKey(app, group, user), unchangedRole(membership))] : [];

/**
 * The same for writes that are conditioned on the owner that was read: they prove the actor's role too, unless the
 * group membership was read at another moment than the group and names somebody else.
 */
export const sameOwner = (app: string, group: Group, actor: GroupActor): Step[] =>
  actor.user === group.owner ? [] : sameRole(app, group.group, actor);
