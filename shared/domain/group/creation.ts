import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { type BatchPlan, type Step, transactEach } from '../../call/transact.ts';
import { count, countersOf, totalOf } from '../../data/counter-repo.ts';
import * as groups from '../../data/group-repo.ts';
import {
  type Group,
  type GroupInfo,
  type GroupText,
  groupInfoOf,
  groupOf,
  groupTextOf,
  NEW_GROUP,
} from '../../data/group-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import { groupMembershipOf, OWNER_ROLE } from '../../data/membership-repo.ts';
import { type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { type GroupId, newId, type UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';
import { countJoiners, inviteeReads, inviteeSteps } from './invitation.ts';
import { existingGroup } from './permissions.ts';
import { groupReply } from './reply.ts';

export interface NewGroup {
  name: string;
  avatar: string;
  description: string;
  type: 0 | 1 | 2;
  user_list: UserId[];
}

/** The id is another group's, or the call is a repetition and has created its group before under `id`. */
class Redraw extends Error {
  readonly id: GroupId;
  constructor(id: GroupId = newId()) {
    super('another id');
    this.id = id;
  }
}

/**
 * Section 7.19: the actor becomes owner and first member; `user_list` is invited as by `invite`, and entries that fail
 * do not fail the call. Answers the full record.
 * @throws ApiError tooManyGroups, tooManyOwned, tooManyJoined
 */
export async function createGroup(call: Call, given: NewGroup) {
  call.uses('groups_per_hour');
  call.uses('invitations_per_hour', given.user_list.length);
  for (let id = newId<GroupId>(), redrawn = false; ; redrawn = true) {
    try {
      return await create(call, id, redrawn, given);
    } catch (error) {
      if (!(error instanceof Redraw)) throw error;
      id = error.id;
    }
  }
}

/** Parts of the idempotency record: the group's id, written with the group, and the answer, with the last transaction. */
const CREATED = 0;
const ANSWERED = 1;
/** Name, avatar and description of the greatest length. */
const ANSWERED_BYTES = 14_000;

async function create(
  call: Call,
  id: GroupId,
  redrawn: boolean,
  { name, avatar, description, type, user_list }: NewGroup,
) {
  const idempotency = Idempotency.of(call, 'group/create');
  const owner = call.person;
  const limited = (call.cachedLimits?.groups ?? 0) > 0;
  const counters = countersOf(call.app);
  const shown = { group: groupOf(call.app, id), info: groupInfoOf(call.app, id), text: groupTextOf(call.app, id) };
  const reads = {
    group: shown.group,
    membership: groupMembershipOf(call.app, id, owner),
    owner: userOf(call.app, owner),
    invitees: inviteeReads(call, id, user_list),
    counters: limited ? counters : [],
    earlier: idempotency ? [idempotency.part(CREATED), idempotency.part(ANSWERED, ANSWERED_BYTES)] : [],
  };
  // A new id has no records yet.
  await call.open({ ...reads, shown: redrawn ? shown : [] });
  if (call.limits.groups > 0 && !limited) await call.db.load([counters]);
  const group: Group = {
    ...NEW_GROUP,
    group: id,
    owner,
    type,
    capacity: call.limits.group_capacity,
    createdAt: call.now,
    updatedAt: call.now,
  };
  const info: GroupInfo = { name, avatar, updatedAt: call.now };
  const text: GroupText = { description, updatedAt: call.now };
  const plan: BatchPlan<typeof reads, UserId> = {
    permit: () => {},
    opening: (records) => {
      const before = idempotency?.value<GroupId>(records.earlier[0]);
      if (before === id) return [];
      if (before !== undefined || records.group) throw new Redraw(before);
      if (call.limits.groups > 0 && totalOf(call.db.records(counters), 'groups') >= call.limits.groups)
        throw new ApiError('tooManyGroups');
      return [
        ...foundingSteps(call, group, existingUser(records.owner), 'created'),
        ...(call.limits.groups > 0 ? [count(call.app, 'groups', 1)] : []),
        ...groups.createTexts(call.app, group, info, text),
        ...(idempotency ? [idempotency.step(CREATED, id)] : []),
      ];
    },
    entry: (records, { entry, index }, batch) => {
      if (entry === owner) throw new ApiError('alreadyMember');
      const invitee = { id: entry, ...records.invitees[index]! };
      // The group already counts the owner, who joins first.
      return inviteeSteps(call, existingGroup(records.group ?? group), owner, invitee, {
        via: 'created',
        reason: '',
        index: index + 1,
        nth: countJoiners(records.invitees, batch),
      });
    },
    shared: (records, batch) => {
      const joining = countJoiners(records.invitees, batch);
      if (!records.group) return [groups.create(call.app, { ...group, count: 1 + joining })];
      // Not queued: only repetitions of this call add to the group yet.
      return joining > 0 ? [groups.count(call.app, id, { count: joining }, { count: group.capacity })] : [];
    },
  };
  const answered = () => idempotency?.value<ReturnType<typeof recordOf>>(call.db.records(reads).earlier[1]);
  const recordOf = (joining: number) => {
    const stored = call.db.records(shown);
    const { count, ...created } = stored.group ?? { ...group, count: 1 };
    const counted = { ...created, count: count + joining };
    return groupReply(counted, stored.info ?? info, stored.text ?? text, undefined, call.now);
  };
  if (idempotency)
    plan.closing = (records, batch) =>
      answered() ? [] : [idempotency.step(ANSWERED, recordOf(countJoiners(records.invitees, batch)))];
  if (!answered()) await transactEach(call.db, reads, user_list, plan);
  return answered() ?? recordOf(0);
}

/**
 * The owner becomes the first member, and a public group is listed: part of the transaction that creates the group.
 * Imported groups were created before `now`.
 * @throws ApiError tooManyOwned, tooManyJoined
 */
export function foundingSteps(
  call: Pick<Call, 'app' | 'limits' | 'now'>,
  group: Group,
  owner: User,
  via: 'created' | 'imported',
): Step[] {
  const { groups_owned: mostOwned, groups_joined: mostJoined } = call.limits;
  if (owner.owned >= mostOwned) throw new ApiError('tooManyOwned');
  if (owner.joined >= mostJoined) throw new ApiError('tooManyJoined');
  return [
    ...memberships.join(call.app, group.group, group.owner, undefined, {
      via,
      now: call.now,
      index: 0,
      role: OWNER_ROLE,
      mostJoined,
      mostOwned,
      imported: { joined: group.createdAt },
    }),
    ...groups.putPublic(call.app, group),
  ];
}
