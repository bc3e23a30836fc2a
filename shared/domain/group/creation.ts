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
import { joinSteps, OWNER_ROLE, relationOf } from '../../data/membership-repo.ts';
import { measured, put, type Step } from '../../data/step.ts';
import { LIVING, type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { Call } from '../call.ts';
import { type EachPlan, settleEach } from '../decision.ts';
import { newId } from '../ids.ts';
import { Repetition } from '../repetition.ts';
import { livingUser } from '../user/living.ts';
import { countJoined } from './admission.ts';
import { inviteeReads, inviteeSteps, joiners } from './invitation.ts';
import { livingGroup } from './permissions.ts';
import { fullRecord } from './record.ts';

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
  const repetition = Repetition.of(call, 'group/create');
  const owner = call.person;
  const limited = (call.heldLimits?.groups ?? 0) > 0;
  const counters = countersOf(call.app);
  const shown = { group: groupOf(call.app, id), info: groupInfoOf(call.app, id), text: groupTextOf(call.app, id) };
  const reads = {
    group: shown.group,
    relation: relationOf(call.app, id, owner),
    owner: userOf(call.app, owner),
    invitees: inviteeReads(call, id, user_list),
    counters: limited ? counters : [],
    earlier: repetition ? [repetition.part(MADE), repetition.part(ANSWERED, ANSWERED_BYTES)] : [],
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
    made: call.now,
    changed: call.now,
  };
  const info: GroupInfo = { name, avatar, changed: call.now };
  const text: GroupText = { description, changed: call.now };
  const plan: EachPlan<typeof reads, number> = {
    permit: () => {},
    opening: (records) => {
      const before = repetition?.value<number>(records.earlier[0]);
      if (before === id) return [];
      if (before !== undefined || records.group) throw new Redraw(before);
      if (call.limits.groups > 0 && totalOf(call.db.records(counters), 'groups') >= call.limits.groups)
        throw new ApiError('tooManyGroups');
      return [
        ...foundingSteps(call, group, livingUser(records.owner)),
        ...(call.limits.groups > 0 ? [countStep(call.app, 'groups', 1)] : []),
        put(groupInfoKey(call.app, id), info),
        ...(description ? [put(groupTextKey(call.app, id), text)] : []),
        ...(repetition ? [repetition.step(MADE, id)] : []),
      ];
    },
    entry: (records, { entry, index }, batch) => {
      if (entry === owner) throw new ApiError('alreadyMember');
      const invitee = { id: entry, ...records.invitees[index]! };
      // The owner, who is the first to join, is counted in the group already.
      return inviteeSteps(call, livingGroup(records.group ?? group), owner, invitee, {
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
  const answered = () => repetition?.value<ReturnType<typeof recordOf>>(call.db.records(reads).earlier[1]);
  const recordOf = (joining: number) => {
    const { group: made = { ...group, count: 1 }, info: named = info, text: told = text } = call.db.records(shown);
    return fullRecord({ ...made, count: made.count + joining }, named, told, undefined, call.now);
  };
  if (repetition)
    plan.closing = (records, batch) =>
      answered() ? [] : [repetition.step(ANSWERED, recordOf(joiners(records, batch)))];
  if (!answered()) await settleEach(call.db, reads, user_list, plan);
  return answered() ?? recordOf(0);
}

/**
 * The group's owner becomes its first member, and a public group stands in its list: part of the transaction that
 * makes the group. Groups that are moved in were made before `now`.
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
      brought: { joined: group.made },
      person: all(LIVING, below('owned', groups_owned), below('joined', groups_joined)),
    }),
    ...putPublic(call.app, group),
  ];
}
