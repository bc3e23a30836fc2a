import { all, atMost, below, equal } from '../../data/expression.ts';
import { groupOf, updateGroup } from '../../data/group-repo.ts';
import { edgeAdmin, edgeKey, relationAdmin, relationKey, userKey } from '../../data/keys.ts';
import {
  ADMIN_ROLE,
  adminsOf,
  becomeOwnerSteps,
  isMember,
  MEMBER_ROLE,
  OWNER_ROLE,
  type Relation,
  type Role,
  relationOf,
  unchangedRole,
} from '../../data/membership-repo.ts';
import { type Step, update } from '../../data/step.ts';
import { LIVING, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { Call } from '../call.ts';
import type { EachPlan } from '../decision.ts';
import { entryResult } from '../entries.ts';
import { livingUser } from '../user/living.ts';
import { memberEntry } from './lists.ts';
import { actorRelation, permit, sameOwner, sameRole } from './permissions.ts';

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
    me: actorRelation(call, id),
    targets: users.map((user) => relationOf(app, id, user)),
  };
  const plan: EachPlan<typeof reads, number> = {
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

function roleSteps(app: string, group: number, user: number, was: Relation, role: Role, since: number): Step[] {
  const admin = role === ADMIN_ROLE;
  const set = { role, since: admin ? since : undefined };
  return [
    update(
      relationKey(app, group, user),
      { set: { ...set, l3: admin ? relationAdmin(since, user) : undefined } },
      unchangedRole(was),
    ),
    update(edgeKey(app, user, group), { set: { ...set, l3: admin ? edgeAdmin(since, group) : undefined } }),
  ];
}

/** Section 7.4: admins without the owner, in order of appointment. @throws ApiError groupMissing, needsMember */
export async function adminList(call: Call, id: number) {
  const reads = {
    group: groupOf(call.app, id),
    me: actorRelation(call, id),
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
export function transfer(call: Call, id: number, heir: number) {
  const { app, now } = call;
  const reads = {
    group: groupOf(app, id),
    me: actorRelation(call, id),
    relation: relationOf(app, id, heir),
    user: userOf(app, heir),
  };
  return call.change(reads, ({ group: found, me, relation, user }) => {
    const { group, actor } = permit(call, 'transfer', found, me);
    const answer = () => entryResult(heir, undefined);
    // An actor who owned the group when its relation was read, but not when the group was, is asked for again.
    if (heir === group.owner) return { steps: actor.user === heir ? [] : sameRole(app, id, actor), answer };
    if (!isMember(relation)) throw new ApiError('newOwnerNotMember');
    const most = call.limits.groups_owned;
    if (livingUser(user).owned >= most) throw new ApiError('tooManyOwned');
    const { owner } = group;
    const steps = [
      updateGroup(
        app,
        id,
        { set: { owner: heir, changed: now }, ...(relation.role === ADMIN_ROLE && { add: { admins: -1 } }) },
        all(equal('status', 'normal'), equal('owner', owner)),
      ),
      update(relationKey(app, id, owner), { set: { role: MEMBER_ROLE } }, equal('role', OWNER_ROLE)),
      update(edgeKey(app, owner, id), { set: { role: MEMBER_ROLE, since: undefined, l3: undefined } }),
      update(userKey(app, owner), { add: { owned: -1 } }),
      ...becomeOwnerSteps(app, id, relation, now, all(LIVING, below('owned', most))),
      // Whoever names themselves is proven by what makes them owner.
      ...(actor.user === heir ? [] : sameOwner(app, group, actor)),
    ];
    return { steps, answer };
  });
}
