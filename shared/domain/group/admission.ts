import { settleApplication } from '../../data/application-repo.ts';
import { all, below, type Condition } from '../../data/expression.ts';
import { countInGroup, type Group } from '../../data/group-repo.ts';
import { type Brought, isMember, joinSteps, MEMBER_ROLE, type Relation } from '../../data/membership-repo.ts';
import type { Step } from '../../data/step.ts';
import { LIVING, type User } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { Call } from '../call.ts';
import { livingUser } from '../user/living.ts';

/**
 * The one gate into a group: invitations, accepted or not asked for, applications, open groups and QR codes all come
 * through here, so that no door can forget a rule.
 */
export interface Candidate {
  id: number;
  user: User | undefined;
  relation: Relation | undefined;
}

/**
 * Whether the person may be asked in, or ask, at all.
 * @throws ApiError userMissing, alreadyMember, blocked
 */
export function admissible({ user, relation }: Candidate): User {
  const person = livingUser(user);
  if (isMember(relation)) throw new ApiError('alreadyMember');
  if (relation?.state === 'blocked') throw new ApiError('blocked');
  return person;
}

/**
 * The person's own steps of joining; `nth` counts those who join by the same transaction before, `index` orders all of
 * the call, `edge` and `person` are what must hold besides of the person's edge and user. `brought` is what a membership
 * has that is moved in. The group's own step is `countJoined`, once a transaction.
 * @throws ApiError as `admissible`, and tooManyJoined, groupFull
 */
export function admit(
  call: Pick<Call, 'app' | 'limits' | 'now'>,
  group: Group,
  candidate: Candidate,
  {
    index = 0,
    nth = 0,
    edge,
    person = [],
    brought: { role = MEMBER_ROLE, ...brought } = {},
  }: { index?: number; nth?: number; edge?: Condition; person?: Condition[]; brought?: Brought } = {},
): Step[] {
  const most = call.limits.groups_joined;
  if (admissible(candidate).joined >= most) throw new ApiError('tooManyJoined');
  if (group.count + nth >= group.capacity) throw new ApiError('groupFull');
  const { id, relation } = candidate;
  return [
    ...joinSteps(call.app, group.group, id, relation, {
      now: call.now,
      index,
      role,
      brought,
      person: all(LIVING, below('joined', most), ...person),
      ...(edge && { edge }),
    }),
    ...settleApplication(call.app, group.group, id, relation, call.now),
  ];
}

/** So many more members, if the group is there and has room: exact under any race. `equal` must hold of it besides. */
export const countJoined = (call: Call, group: Group, joining: number, equal: Partial<Group> = {}): Step =>
  countInGroup(call.app, group.group, { count: joining }, { equal, most: { count: group.capacity } });
