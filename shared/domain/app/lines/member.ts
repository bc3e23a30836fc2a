import type { Entry } from '../../../call/transact.ts';
import type { Group } from '../../../data/group-repo.ts';
import * as groups from '../../../data/group-repo.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  importOwner,
  isMember,
  MEMBER_ROLE,
  memberIn,
  OWNER_ROLE,
} from '../../../data/membership-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { GroupId, UserId } from '../../../ids.ts';
import { admit } from '../../group/admission.ts';
import {
  differing,
  differs,
  groupNamed,
  type LineKind,
  type Numbered,
  type Optional,
  userNamed,
  usersOfGroup,
} from './line.ts';

export type MemberLine = { kind: 'member'; group_id: GroupId; user_id: UserId } & Optional<{
  role: 'member' | 'admin' | 'owner';
  display_name: string;
  join_time: number;
  admin_since: number;
  msg_mute_mode: number;
  msg_push_mode: number;
}>;

export const memberLine = (group: GroupId, membership: GroupMembership): MemberLine => ({
  kind: 'member',
  group_id: group,
  user_id: memberIn(membership),
  role: membership.role === OWNER_ROLE ? 'owner' : membership.role === ADMIN_ROLE ? 'admin' : 'member',
  display_name: membership.name ?? '',
  join_time: membership.joined,
  admin_since: membership.role === ADMIN_ROLE ? membership.adminSince : undefined,
  msg_mute_mode: membership.mute ?? 0,
  msg_push_mode: membership.push ?? 0,
});

type Batch = readonly Entry<Numbered<MemberLine>>[];
const joining = (group: Group, batch: Batch) =>
  batch.filter(({ entry: { line } }) => line.user_id !== group.owner).length;
const admins = (batch: Batch) => batch.filter(({ entry: { line } }) => line.role === 'admin').length;

/** The group's line has made the owner a member: the line of the owner completes that membership. */
export const memberKind: LineKind<MemberLine, ReturnType<typeof usersOfGroup>> = {
  defaults: { role: 'member', display_name: '', msg_mute_mode: 0, msg_push_mode: 0 },
  lane: ({ group_id }) => `group ${group_id}`,
  contended: ({ user_id }) => [`user ${user_id}`],
  reads: usersOfGroup,

  entry(scope, records, { entry: { line, number }, index }, batch) {
    const { app, limits, now } = scope;
    const { group_id: id, user_id } = line;
    const group = groupNamed(records.group, id);
    const { user, membership } = records.users[index]!;
    const place = number % 10_000;
    const own = {
      joined: line.join_time,
      name: line.display_name || undefined,
      mute: line.msg_mute_mode || undefined,
      push: line.msg_push_mode || undefined,
    };
    if (isMember(membership)) {
      const different = differing(line, memberLine(id, membership));
      if (different === undefined) return [];
      if (user_id !== group.owner || different === 'role' || !asFounded(group, membership)) throw differs(different);
      return importOwner(app, id, user_id, membership, { ...own, joined: own.joined ?? group.createdAt }, place);
    }
    if (line.role === 'owner') throw badParameter('role', `the owner of group ${id} is user ${group.owner}`);
    userNamed('user_id', user, user_id);
    const admin = line.role === 'admin';
    if (admin && group.admins + admins(batch) >= limits.group_admins)
      throw badParameter('role', `a group has at most ${limits.group_admins} admins`);
    return admit(
      scope,
      group,
      { id: user_id, user, membership },
      {
        via: 'imported',
        index: place,
        nth: joining(group, batch),
        imported: { ...own, role: admin ? ADMIN_ROLE : MEMBER_ROLE, adminSince: line.admin_since ?? now + index },
      },
    );
  },

  shared({ app, limits }, records, batch) {
    const group = records.group!;
    const more = { count: joining(group, batch), admins: admins(batch) };
    if (more.count === 0) return [groups.isThere(app, group.group)];
    const most = { count: group.capacity, ...(more.admins > 0 && { admins: limits.group_admins }) };
    return [groups.count(app, group.group, more, most)];
  },
};

/** The owner's membership is as the group's founding made it. */
const asFounded = ({ createdAt }: Group, { joined, name, mute, push }: GroupMembership) =>
  joined === createdAt && name === undefined && mute === undefined && push === undefined;
