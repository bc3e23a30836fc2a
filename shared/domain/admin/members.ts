import type { Call } from '../../call/call.ts';
import { Cursor } from '../../call/cursor.ts';
import { Beside } from '../../call/page.ts';
import { groupOf } from '../../data/group-repo.ts';
import { memberIdsOf, memberIn } from '../../data/membership-repo.ts';
import { adminsOf } from '../../data/role-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { entryResult } from '../group/command.ts';
import { kick } from '../group/departure.ts';
import { invite } from '../group/invitation.ts';
import { existingGroup } from '../group/permissions.ts';
import { addAdmins, removeAdmins } from '../group/roles.ts';

/** In the order in which they are made: who leaves makes room. */
const CHANGES = ['remove', 'demote', 'add', 'promote'] as const;
type Change = (typeof CHANGES)[number];

/** The changes of a kind that a list asks for, by user id. */
type Plan = Record<Change, UserId[]>;

/** Place of a change. */
const POSITION = /^[0-3]#\d{16}$/;
const positionOf = (change: Change, user: UserId) => `${CHANGES.indexOf(change)}#${String(user).padStart(16, '0')}`;

export interface Wanted {
  group_id: GroupId;
  user_ids: UserId[];
  /** Absent: roles stay. */
  admin_ids?: UserId[] | undefined;
  dry_run: boolean;
  max_remove_share: number;
  limit: number;
  cursor?: string | undefined;
}

/**
 * Makes the members of a group those of a list. Nothing is stored between calls: each compares the list with the group as
 * it is, so a call may be repeated, and others may change the group meanwhile. The cursor says which changes were tried,
 * so that those that fail do not stop the rest. A call reads the keys of all members.
 * @throws ApiError badParameter (admin_ids, max_remove_share, cursor), groupMissing
 */
export async function setMembers(call: Call, wanted: Wanted) {
  const { app } = call;
  const { group_id: id, dry_run, limit } = wanted;
  const cursor = new Cursor(call, `set members of ${id}`, POSITION, wanted.cursor);
  const found = await call.open({
    group: groupOf(app, id),
    members: memberIdsOf(app, id),
    admins: adminsOf(app, id),
  });
  const { owner } = existingGroup(found.group);
  const plan = planOf(call, wanted, owner, found.members, found.admins.map(memberIn));
  const lost = plan.remove.length;
  const size = found.members.length;
  if (!dry_run && lost > wanted.max_remove_share * size)
    throw badParameter('max_remove_share', `the group would lose ${lost} of ${size} members, which is more`);
  const left = CHANGES.flatMap((change) => plan[change].map((user) => ({ change, user }))).filter(
    ({ change, user }) => cursor.position === undefined || positionOf(change, user) > cursor.position,
  );
  const now = left.slice(0, limit);
  const data = [];
  for (const change of CHANGES) {
    const users = now.filter((one) => one.change === change).map(({ user }) => user);
    const results = dry_run ? users.map((user) => entryResult(user)) : await make(call, id, change, users);
    data.push(...results.map((result) => ({ change, ...result })));
  }
  const last = left.length > now.length ? now.at(-1) : undefined;
  return new Beside(data, {
    cursor: last && cursor.next(positionOf(last.change, last.user)),
    version: 0,
    to_add: plan.add.length,
    to_remove: lost,
    to_promote: plan.promote.length,
    to_demote: plan.demote.length,
    unchanged: size - lost,
  });
}

function planOf(call: Call, { user_ids, admin_ids }: Wanted, owner: UserId, members: UserId[], admins: UserId[]): Plan {
  const wanted = new Set([...user_ids, owner]);
  const present = new Set(members);
  const sorted = (users: Iterable<UserId>, chosen: (user: UserId) => boolean) =>
    [...users].filter(chosen).sort((one, other) => one - other);
  const plan = {
    remove: sorted(present, (user) => !wanted.has(user)),
    add: sorted(wanted, (user) => !present.has(user) && user !== owner),
    demote: [] as UserId[],
    promote: [] as UserId[],
  };
  if (admin_ids === undefined) return plan;
  const most = call.limits.group_admins;
  const stranger = admin_ids.find((user) => !wanted.has(user));
  if (stranger !== undefined) throw badParameter('admin_ids', `user ${stranger} is not in user_ids`);
  const leading = new Set(admin_ids.filter((user) => user !== owner));
  if (leading.size > most) throw badParameter('admin_ids', `a group has at most ${most} admins`);
  const before = new Set(admins);
  plan.demote = sorted(before, (user) => wanted.has(user) && !leading.has(user) && user !== owner);
  plan.promote = sorted(leading, (user) => !before.has(user));
  return plan;
}

/** How a call makes each change, with the owner's rights. */
const MAKE: Record<Change, (call: Call, id: GroupId, users: UserId[]) => ReturnType<typeof kick>> = {
  remove: kick,
  demote: removeAdmins,
  add: (call, id, users) => invite(call, id, '', users),
  promote: (call, id, users) => addAdmins(call, id, users, 'admin_ids'),
};

/** What an entry answers whose change another call has made meanwhile. */
const DONE: Partial<Record<Change, string>> = {
  remove: new ApiError('notMember').message,
  add: new ApiError('alreadyMember').message,
};

async function make(call: Call, id: GroupId, change: Change, users: UserId[]) {
  const results = users.length > 0 ? await MAKE[change](call, id, users) : [];
  return results.map((result) => (result.reason === DONE[change] ? entryResult(result.user_id) : result));
}
