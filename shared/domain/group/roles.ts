import type { Call } from '../../call/call.ts';
import type { BatchPlan } from '../../call/transact.ts';
import { all, atMost, below, equal } from '../../data/expression.ts';
import { groupOf, updateGroup } from '../../data/group-repo.ts';
import { administeredGroupOrder, adminOrder, groupMembershipKey, userKey, userMembershipKey } from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  adminsOf,
  becomeOwnerSteps,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  MEMBER_ROLE,
  OWNER_ROLE,
  type Role,
  unchangedRole,
} from '../../data/membership-repo.ts';
import { type Step, update } from '../../data/step.ts';
import { NOT_DELETED, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { entryResult } from '../entries.ts';
import { existingUser } from '../user/existing.ts';
import { memberEntry } from './lists.ts';
import { actorMembership, permit, sameOwner, sameRole } from './permissions.ts';

/** Section 7.1: members become admins; the owner is none, and stays what it is. */
export const addAdmins = (call: Call, group: number, users: number[]) => appoint(call, group, users, ADMIN_ROLE);

/** Section 7.2: admins become plain members again. */
export const removeAdmins = (call: Call, group: number, users: number[]) => appoint(call, group, users, MEMBER_ROLE);

async function appoint(call: Call, id: number, users: number[], role: Role) {
  const { app, now } = call;
  const most = () => call.limits.group_admins;
  const step = role === ADMIN_ROLE ? 1 : -1;
  const reads = {
    group: groupOf(app, id),
    me: actorMembership(call, id),
    targets: users.map((user) => groupMembershipOf(app, id, user)),
  };
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'appoint', group, me),
    entry: ({ group: found, me, targets }, { entry, index }, batch) => {
      const { group } = permit(call, 'appoint', found, me);
      const target = targets[index];
      if (!isMember(target)) throw new ApiError('notMember');
      if (target.role === role || target.role === OWNER_ROLE) return [];
      if (role === ADMIN_ROLE && group.admins + batch.length >= most())
        throw badParameter('user_list', `a group has at most ${most()} admins`);
      // In the order of the list, within one millisecond too.
      return roleSteps(app, id, entry, target, role, now + index);
    },
    shared: ({ group: found, me }, batch) => {
      const { actor } = permit(call, 'appoint', found, me);
      const room = role === ADMIN_ROLE ? [atMost('admins', most() - batch.length)] : [];
      const counted = { add: { admins: step * batch.length } };
      return [...sameRole(app, id, actor), updateGroup(app, id, counted, all(equal('status', 'normal'), ...room))];
    },
  };
  const errors = await call.changeEach(reads, users, plan);
  return users.map((user, index) => entryResult(user, errors[index]));
}

function roleSteps(
  app: string,
  group: number,
  user: number,
  was: GroupMembership,
  role: Role,
  adminSince: number,
): Step[] {
  const admin = role === ADMIN_ROLE;
  const set = { role, adminSince: admin ? adminSince : undefined };
  return [
    update(
      groupMembershipKey(app, group, user),
      { set: { ...set, lsi3sk: admin ? adminOrder(adminSince, user) : undefined } },
      unchangedRole(was),
    ),
    update(userMembershipKey(app, user, group), {
      set: { ...set, lsi3sk: admin ? administeredGroupOrder(adminSince, group) : undefined },
    }),
  ];
}

/** Section 7.4: admins without the owner, in order of appointment. @throws ApiError groupMissing, needsMember */
export async function adminList(call: Call, id: number) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorMembership(call, id),
    admins: adminsOf(call.app, id),
  };
  const { admins } = await call.open(reads, ({ group, me }) => void permit(call, 'admin_list', group, me));
  return admins.map(memberEntry);
}

/**
 * Section 7.71: a member becomes owner, the old one a plain member: never two owners nor none, by the condition on the
 * owner that was read.
 * @throws ApiError groupMissing, needsMember, needsOwner, newOwnerNotMember, tooManyOwned
 */
export function transfer(call: Call, id: number, successor: number) {
  const { app, now } = call;
  const reads = {
    group: groupOf(app, id),
    me: actorMembership(call, id),
    membership: groupMembershipOf(app, id, successor),
    user: userOf(app, successor),
  };
  return call.change(reads, ({ group: found, me, membership, user }) => {
    const { group, actor } = permit(call, 'transfer', found, me);
    const answer = () => entryResult(successor, undefined);
    // An actor who owned the group when its group membership was read, but not when the group was, is asked for again.
    if (successor === group.owner) return { steps: actor.user === successor ? [] : sameRole(app, id, actor), answer };
    if (!isMember(membership)) throw new ApiError('newOwnerNotMember');
    const most = call.limits.groups_owned;
    if (existingUser(user).owned >= most) throw new ApiError('tooManyOwned');
    const { owner } = group;
    const steps = [
      updateGroup(
        app,
        id,
        { set: { owner: successor, updatedAt: now }, ...(membership.role === ADMIN_ROLE && { add: { admins: -1 } }) },
        all(equal('status', 'normal'), equal('owner', owner)),
      ),
      update(groupMembershipKey(app, id, owner), { set: { role: MEMBER_ROLE } }, equal('role', OWNER_ROLE)),
      update(userMembershipKey(app, owner, id), {
        set: { role: MEMBER_ROLE, adminSince: undefined, lsi3sk: undefined },
      }),
      update(userKey(app, owner), { add: { owned: -1 } }),
      ...becomeOwnerSteps(app, id, membership, now, all(NOT_DELETED, below('owned', most))),
      // Whoever names themselves is proven by what makes them owner.
      ...(actor.user === successor ? [] : sameOwner(app, group, actor)),
    ];
    return { steps, answer };
  });
}
