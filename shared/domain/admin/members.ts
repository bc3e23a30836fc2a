import type { Call } from '../../call/call.ts';
import { Cursor } from '../../call/cursor.ts';
import { Beside } from '../../call/page.ts';
import type { Entry, Reads, Records, Step } from '../../call/transact.ts';
import * as groups from '../../data/group-repo.ts';
import { type Group, groupOf } from '../../data/group-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import { ADMIN_ROLE, isMember, MEMBER_ROLE, memberIdsOf, memberIn, OWNER_ROLE } from '../../data/membership-repo.ts';
import * as roles from '../../data/role-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { countJoined } from '../group/admission.ts';
import { entryResult, membershipsOf } from '../group/command.ts';
import { countLeft } from '../group/departure.ts';
import { countJoiners, inviteeReads, inviteeSteps } from '../group/invitation.ts';
import { existingGroup } from '../group/permissions.ts';

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
    admins: roles.adminsOf(app, id),
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
    const errors = dry_run || users.length === 0 ? [] : await DO[change](call, id, users);
    data.push(...users.map((user, index) => ({ change, ...entryResult(user, errors[index]) })));
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
    remove: sorted(present, (user) => !wanted.has(user) && user !== owner),
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

/** Changes users of a group, each on its own. The app needs no right of a member. */
const each = <R extends Reads>(
  call: Call,
  id: GroupId,
  users: UserId[],
  reads: R,
  entry: (group: Group, records: Records<R>, entry: Entry<UserId>, batch: readonly Entry<UserId>[]) => Step[],
  shared: (group: Group, records: Records<R>, batch: readonly Entry<UserId>[]) => Step[],
) => {
  const found = () => ({ group: existingGroup(call.db.records(groupOf(call.app, id))), each: call.db.records(reads) });
  return call.changeEach([groupOf(call.app, id), reads] as Reads, users, {
    permit: () => void found(),
    entry: (_, one, batch) => entry(found().group, found().each, one, batch),
    shared: (_, batch) => shared(found().group, found().each, batch),
  });
};

/** A member of this role gets the other one. Nothing to do where another call was faster. */
const appoint = (role: typeof ADMIN_ROLE | typeof MEMBER_ROLE) => (call: Call, id: GroupId, users: UserId[]) =>
  each(
    call,
    id,
    users,
    membershipsOf(call, id, users),
    (_, targets, { entry, index }) => {
      const target = targets[index];
      if (!isMember(target)) throw new ApiError('notMember');
      if (target.role === role || target.role === OWNER_ROLE) return [];
      return roles.setAdmin(call.app, id, entry, target, role === ADMIN_ROLE ? call.now + index : undefined);
    },
    (_group, _targets, batch) => {
      const admins = role === ADMIN_ROLE ? batch.length : -batch.length;
      return [groups.count(call.app, id, { admins }, role === ADMIN_ROLE ? { admins: call.limits.group_admins } : {})];
    },
  );

const DO: Record<Change, (call: Call, id: GroupId, users: UserId[]) => Promise<(ApiError | undefined)[]>> = {
  remove: (call, id, users) =>
    each(
      call,
      id,
      users,
      membershipsOf(call, id, users),
      ({ owner }, targets, { entry, index }) => {
        const target = targets[index];
        if (!isMember(target)) return [];
        // Both, since group and membership may have been read at different moments.
        if (entry === owner || target.role === OWNER_ROLE)
          throw new ApiError('noPermission', 'not allowed on the group owner');
        return memberships.leave(call.app, id, entry, target, call.now, 'kicked');
      },
      (_, targets, batch) => [
        countLeft(
          call,
          id,
          batch.map(({ index }) => targets[index]),
        ),
      ],
    ),
  demote: appoint(MEMBER_ROLE),
  add: (call, id, users) =>
    each(
      call,
      id,
      users,
      inviteeReads(call, id, users),
      (group, invitees, { entry, index }, batch) => {
        const invitee = { id: entry, ...invitees[index]! };
        if (isMember(invitee.membership)) return [];
        const nth = countJoiners(invitees, batch);
        return inviteeSteps(call, group, group.owner, invitee, { via: 'invited', reason: '', index, nth });
      },
      (group, invitees, batch) => {
        const joining = countJoiners(invitees, batch);
        return joining > 0 ? [countJoined(call, group, joining)] : [];
      },
    ),
  promote: appoint(ADMIN_ROLE),
};
