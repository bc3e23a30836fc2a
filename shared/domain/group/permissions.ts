import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import type { Group } from '../../data/group-repo.ts';
import * as groups from '../../data/group-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  isMember,
  MEMBER_ROLE,
  OWNER_ROLE,
  type Role,
} from '../../data/membership-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';

/** A right in a group: the least role, and what gives it to plain members too. */
interface Permission {
  least: Role;
  /** Any member has the right while this setting of the group is on. */
  orMemberIf?: 'member_invite' | 'member_modify';
  /** Only admins have the right while this setting of the group is on. Only for what changes nothing: no write proves it. */
  adminsIf?: 'hide_member_info';
  /** Any member has the right on the files that they uploaded: see `mayChange`. */
  orUploader?: true;
}

/**
 * The rights in a group (docs/behaviour.md, Roles and permissions). The app has the owner's rights in every group; an
 * admin token with a `group_id` header has them in that group.
 */
const PERMISSIONS = {
  settings: { least: MEMBER_ROLE },
  change_settings: { least: ADMIN_ROLE },
  change_info: { least: ADMIN_ROLE, orMemberIf: 'member_modify' },
  destroy: { least: OWNER_ROLE },
  transfer: { least: OWNER_ROLE },

  member_list: { least: MEMBER_ROLE, adminsIf: 'hide_member_info' },
  own_membership: { least: MEMBER_ROLE },
  invite: { least: ADMIN_ROLE, orMemberIf: 'member_invite' },
  sign_qrcode: { least: ADMIN_ROLE, orMemberIf: 'member_invite' },
  handle_application: { least: ADMIN_ROLE },
  kick: { least: ADMIN_ROLE },
  leave: { least: MEMBER_ROLE },

  appoint: { least: OWNER_ROLE },
  admin_list: { least: MEMBER_ROLE, adminsIf: 'hide_member_info' },
  ban: { least: ADMIN_ROLE },
  banned_list: { least: MEMBER_ROLE },
  block: { least: ADMIN_ROLE },
  blocked_list: { least: ADMIN_ROLE },

  changes: { least: MEMBER_ROLE },

  announcements: { least: MEMBER_ROLE },
  publish: { least: ADMIN_ROLE, orMemberIf: 'member_modify' },
  delete_announcement: { least: ADMIN_ROLE },

  files: { least: MEMBER_ROLE },
  upload_file: { least: MEMBER_ROLE },
  change_file: { least: ADMIN_ROLE, orUploader: true },
} as const satisfies Record<string, Permission>;

export type Action = keyof typeof PERMISSIONS;

const MISSING_ROLE = { [MEMBER_ROLE]: 'needsMember', [ADMIN_ROLE]: 'needsAdmin', [OWNER_ROLE]: 'needsOwner' } as const;

/** The actor's role in a group, and the user it acts as (the owner where the app acts). */
export interface GroupActor {
  /** The app has the owner's. */
  role: Role;
  user: UserId;
  /** Absent where the app acts: it needs no membership. */
  membership?: GroupMembership;
}

/** A group that is there, and the actor's rights in it. */
export interface Permitted {
  group: Group;
  actor: GroupActor;
}

/** The group that is there. @throws ApiError groupMissing where it is missing or dissolved */
export function existingGroup(group: Group | undefined): Group {
  if (!group || group.status === 'dissolved') throw new ApiError('groupMissing');
  return group;
}

/** The membership that gives the actor its role: nothing to read where the app acts. */
export const actorMembership = (call: Call, group: GroupId) =>
  call.holder === undefined ? [] : [memberships.groupMembershipOf(call.app, group, call.holder)];

/**
 * The actor's rights in a group that is there.
 * @throws ApiError groupMissing, then needsMember, needsAdmin or needsOwner
 */
export function permit(
  call: Call,
  action: Action,
  found: Group | undefined,
  [membership]: (GroupMembership | undefined)[],
): Permitted {
  const group = existingGroup(found);
  if (call.holder === undefined) return { group, actor: { role: OWNER_ROLE, user: group.owner } };
  if (!isMember(membership)) throw new ApiError('needsMember');
  const { orMemberIf, adminsIf, orUploader, ...permission }: Permission = PERMISSIONS[action];
  const least = adminsIf !== undefined && group[adminsIf] ? ADMIN_ROLE : permission.least;
  const given = orUploader || (orMemberIf !== undefined && group[orMemberIf]);
  if (membership.role < least && !given) throw new ApiError(MISSING_ROLE[least]);
  return { group, actor: { role: membership.role, user: call.holder, membership } };
}

/** The setting of the group that gives a plain member the right, and that the write must find unchanged. */
export function grantingSetting(action: Action, { role }: Pick<GroupActor, 'role'>): Partial<Group> {
  const { orMemberIf }: Permission = PERMISSIONS[action];
  return orMemberIf !== undefined && role < ADMIN_ROLE ? { [orMemberIf]: true } : {};
}

/** Proves in a write that the actor still has the right: the role, or the setting that gives it to plain members. */
export function proofOf(call: Call, action: Action, { group, actor }: Permitted): Step[] {
  const setting = grantingSetting(action, actor);
  return [
    ...(actor.membership ? [memberships.sameRole(call.app, group.group, actor.user, actor.membership)] : []),
    ...(Object.keys(setting).length > 0 ? [groups.isThere(call.app, group.group, setting)] : []),
  ];
}

/**
 * Whether the actor may do this to that user: nothing to the owner or to itself, to admins only as the owner.
 * @throws ApiError noPermission, needsOwner
 */
export function mayActOn(actor: GroupActor, group: Group, user: UserId, target: GroupMembership | undefined): void {
  // Both, since group and membership may have been read at different moments.
  const owns = user === group.owner || (isMember(target) && target.role === OWNER_ROLE);
  if (owns) throw new ApiError('noPermission', 'not allowed on the group owner');
  if (user === actor.user) throw new ApiError('noPermission', 'not allowed on oneself');
  if (isMember(target) && target.role >= ADMIN_ROLE && actor.role < OWNER_ROLE) throw new ApiError('needsOwner');
}
