import type { Call } from '../../call/call.ts';
import { ListPage } from '../../call/cursor.ts';
import type { BatchPlan } from '../../call/transact.ts';
import { equal } from '../../data/expression.ts';
import { groupOf, updateGroup } from '../../data/group-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import {
  ADMIN_ROLE,
  blockedNewestFirst,
  blockSteps,
  type GroupMembership,
  groupMembershipOf,
  isMember,
  memberIn,
  unblockStep,
} from '../../data/membership-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { entryResult } from '../entries.ts';
import { existingUser } from '../user/existing.ts';
import { actorMembership, mayTouch, permit, sameRole } from './permissions.ts';

/**
 * Section 7.17: members leave, and nobody of the list comes in by any door. Invitations and applications made before
 * are void from this moment, by one time on the person's user membership; what is left of them is removed behind.
 */
export async function block(call: Call, id: number, users: number[]) {
  const { app, now } = call;
  const reads = {
    group: groupOf(app, id),
    me: actorMembership(call, id),
    targets: users.map((user) => groupMembershipOf(app, id, user)),
    people: users.map((user) => userOf(app, user)),
  };
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'block', group, me),
    entry: ({ group: found, me, targets, people }, { entry, index }) => {
      const { group, actor } = permit(call, 'block', found, me);
      existingUser(people[index]);
      const target = targets[index];
      mayTouch(actor, group, entry, target);
      return target?.state === 'blocked' ? [] : blockSteps(app, id, entry, target, now);
    },
    shared: ({ group: found, me, targets }, batch) => {
      const { actor } = permit(call, 'block', found, me);
      const members = batch.map(({ index }) => targets[index]).filter(isMember);
      const admins = members.filter(({ role }) => role === ADMIN_ROLE).length;
      const counted = { count: -members.length, admins: -admins, blocks: batch.length };
      return [
        ...sameRole(app, id, actor),
        updateGroup(app, id, { add: counted }, equal('status', 'normal')),
        putJob({ kind: 'blocked users', app, group: id, users: batch.map(({ entry }) => entry), createdAt: now }),
      ];
    },
  };
  const errors = await call.changeEach(reads, users, plan);
  return users.map((user, index) => entryResult(user, errors[index]));
}

/** Section 7.74: may come in again; who is not blocked is no error. */
export async function unblock(call: Call, id: number, users: number[]) {
  const { app, now } = call;
  const reads = {
    group: groupOf(app, id),
    me: actorMembership(call, id),
    targets: users.map((user) => groupMembershipOf(app, id, user)),
  };
  const plan: BatchPlan<typeof reads, number> = {
    permit: ({ group, me }) => void permit(call, 'block', group, me),
    entry: ({ targets }, { entry, index }) => {
      const target = targets[index];
      return target?.state === 'blocked' ? [unblockStep(app, id, entry, target, now)] : [];
    },
    shared: ({ group: found, me }, batch) => [
      ...sameRole(app, id, permit(call, 'block', found, me).actor),
      updateGroup(app, id, { add: { blocks: -batch.length } }, equal('status', 'normal')),
    ],
  };
  const errors = await call.changeEach(reads, users, plan);
  return users.map((user, index) => entryResult(user, errors[index]));
}

/**
 * Section 7.18: who is blocked, the newest first.
 * @throws ApiError badParameter (cursor), groupMissing, needsMember, needsAdmin
 */
export async function blockedList(call: Call, id: number, given: { cursor?: string | undefined; limit: number }) {
  const page = new ListPage(call, `blocked_list ${id}`, blockedNewestFirst(call.app, id), given);
  const reads = { group: groupOf(call.app, id), me: actorMembership(call, id), blocked: page.read };
  const { group, blocked } = await call.open(reads, ({ group, me }) => void permit(call, 'blocked_list', group, me));
  const view = (membership: GroupMembership) => ({
    user_id: memberIn(membership),
    group_id: id,
    created_at: new Date(membership.blocked ?? 0).toISOString(),
  });
  return page.answer(blocked, view, group?.blocks);
}
