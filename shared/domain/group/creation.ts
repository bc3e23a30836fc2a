import type { Call } from '../../call/call.ts';
import { Idempotency } from '../../call/idempotency.ts';
import { type BatchPlan, transactEach } from '../../call/transact.ts';
import { countersOf, countStep, totalOf } from '../../data/counter-repo.ts';
import { all, below, missing } from '../../data/expression.ts';
import {
  type Group,
  type GroupInfo,
  type GroupText,
  groupInfoOf,
  groupOf,
  groupTextOf,
  NEW_GROUP,
  putPublic,
} from '../../data/group-repo.ts';
import { groupInfoKey, groupKey, groupTextKey } from '../../data/keys.ts';
import { groupMembershipOf, joinSteps, OWNER_ROLE } from '../../data/membership-repo.ts';
import { measured, put, type Step } from '../../data/step.ts';
import { NOT_DELETED, type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { newId } from '../../ids.ts';
import { existingUser } from '../user/existing.ts';
import { countJoined } from './admission.ts';
import { inviteeReads, inviteeSteps, joiners } from './invitation.ts';
import { existingGroup } from './permissions.ts';
import { groupReply } from './reply.ts';

export interface NewGroup {
  name: string;
  avatar: string;
  description: string;
  type: 0 | 1 | 2;
  user_list: number[];
}

/** The id drawn is another group's, or the call is a repetition and has made its group before. */
class Redraw extends Error {
  readonly id: number;
  constructor(id = newId()) {
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
  for (let id = newId(), redrawn = false; ; redrawn = true) {
    try {
      return await create(call, id, redrawn, given);
    } catch (error) {
      if (!(error instanceof Redraw)) throw error;
      id = error.id;
    }
  }
}

/** Parts of a repetition's record: the group's id with its founding, the answer with the last transaction. */
const MADE = 0;
const ANSWERED = 1;
/** Name, avatar and description at their longest. */
const ANSWERED_BYTES = 14_000;

async function create(
  call: Call,
  id: number,
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
    earlier: idempotency ? [idempotency.part(MADE), idempotency.part(ANSWERED, ANSWERED_BYTES)] : [],
  };
  // Nothing is there under a new id.
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
  const plan: BatchPlan<typeof reads, number> = {
    permit: () => {},
    opening: (records) => {
      const before = idempotency?.value<number>(records.earlier[0]);
      if (before === id) return [];
      if (before !== undefined || records.group) throw new Redraw(before);
      if (call.limits.groups > 0 && totalOf(call.db.records(counters), 'groups') >= call.limits.groups)
        throw new ApiError('tooManyGroups');
      return [
        ...foundingSteps(call, group, existingUser(records.owner)),
        ...(call.limits.groups > 0 ? [countStep(call.app, 'groups', 1)] : []),
        put(groupInfoKey(call.app, id), info),
        ...(description ? [put(groupTextKey(call.app, id), text)] : []),
        ...(idempotency ? [idempotency.step(MADE, id)] : []),
      ];
    },
    entry: (records, { entry, index }, batch) => {
      if (entry === owner) throw new ApiError('alreadyMember');
      const invitee = { id: entry, ...records.invitees[index]! };
      // The owner, who is the first to join, is counted in the group already.
      return inviteeSteps(call, existingGroup(records.group ?? group), owner, invitee, {
        reason: '',
        index: index + 1,
        nth: joiners(records, batch),
      });
    },
    shared: (records, batch) => {
      const joining = joiners(records, batch);
      if (!records.group)
        return [measured('groups_made', put(groupKey(call.app, id), { ...group, count: 1 + joining }, missing))];
      // Only repetitions of this very call meet it: it need not write for others, nor others for it.
      return joining > 0 ? [{ ...countJoined(call, group, joining), queued: undefined }] : [];
    },
  };
  const answered = () => idempotency?.value<ReturnType<typeof recordOf>>(call.db.records(reads).earlier[1]);
  const recordOf = (joining: number) => {
    const { group: made = { ...group, count: 1 }, info: named = info, text: told = text } = call.db.records(shown);
    return groupReply({ ...made, count: made.count + joining }, named, told, undefined, call.now);
  };
  if (idempotency)
    plan.closing = (records, batch) =>
      answered() ? [] : [idempotency.step(ANSWERED, recordOf(joiners(records, batch)))];
  if (!answered()) await transactEach(call.db, reads, user_list, plan);
  return answered() ?? recordOf(0);
}

/**
 * The group's owner becomes its first member, and a public group stands in its list: part of the transaction that
 * makes the group. Groups that are imported were made before `now`.
 * @throws ApiError tooManyOwned, tooManyJoined
 */
export function foundingSteps(call: Pick<Call, 'app' | 'limits' | 'now'>, group: Group, owner: User): Step[] {
  const { groups_owned, groups_joined } = call.limits;
  if (owner.owned >= groups_owned) throw new ApiError('tooManyOwned');
  if (owner.joined >= groups_joined) throw new ApiError('tooManyJoined');
  return [
    ...joinSteps(call.app, group.group, group.owner, undefined, {
      now: call.now,
      index: 0,
      role: OWNER_ROLE,
      imported: { joined: group.createdAt },
      person: all(NOT_DELETED, below('owned', groups_owned), below('joined', groups_joined)),
    }),
    ...putPublic(call.app, group),
  ];
}
