import type { Call } from '../../call/call.ts';
import { closeApplication } from '../../data/application-repo.ts';
import { all, below, type Condition } from '../../data/expression.ts';
import { countInGroup, type Group } from '../../data/group-repo.ts';
import {
  type GroupMembership,
  type ImportedMembership,
  isMember,
  joinSteps,
  MEMBER_ROLE,
} from '../../data/membership-repo.ts';
import type { Step } from '../../data/step.ts';
import { NOT_DELETED, type User } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { existingUser } from '../user/existing.ts';

/**
 * The one gate into a group: invitations, accepted or not asked for, applications, open groups and QR codes all come
 * through here, so that no door can forget a rule.
 */
export interface Candidate {
  id: number;
  user: User | undefined;
  membership: GroupMembership | undefined;
}

/**
 * Whether the person may be asked in, or ask, at all.
 * @throws ApiError userMissing, alreadyMember, blocked
 */
export function admissible({ user, membership }: Candidate): User {
  const person = existingUser(user);
  if (isMember(membership)) throw new ApiError('alreadyMember');
  if (membership?.state === 'blocked') throw new ApiError('blocked');
  return person;
}

/**
 * The person's own steps of joining; `nth` counts those who join by the same transaction before, `index` orders all of
 * the call, `user membership` and `person` are what must hold besides of the person's user membership and user. `imported` is what a membership
 * has that is imported. The group's own step is `countJoined`, once a transaction.
 * @throws ApiError as `admissible`, and tooManyJoined, groupFull
 */
export function admit(
  call: Pick<Call, 'app' | 'limits' | 'now'>,
  group: Group,
  candidate: Candidate,
  {
    index = 0,
    nth = 0,
    userMembership,
    person = [],
    imported: { role = MEMBER_ROLE, ...imported } = {},
  }: {
    index?: number;
    nth?: number;
    userMembership?: Condition;
    person?: Condition[];
    imported?: ImportedMembership;
  } = {},
): Step[] {
  const most = call.limits.groups_joined;
  if (admissible(candidate).joined >= most) throw new ApiError('tooManyJoined');
  if (group.count + nth >= group.capacity) throw new ApiError('groupFull');
  const { id, membership } = candidate;
  return [
    ...joinSteps(call.app, group.group, id, membership, {
      now: call.now,
      index,
      role,
      imported,
      person: all(NOT_DELETED, below('joined', most), ...person),
      ...(userMembership && { userMembership }),
    }),
    ...closeApplication(call.app, group.group, id, membership, call.now),
  ];
}

/** So many more members, if the group is there and has room: exact under any race. `equal` must hold of it besides. */
export const countJoined = (call: Call, group: Group, joining: number, equal: Partial<Group> = {}): Step =>
  countInGroup(call.app, group.group, { count: joining }, { equal, most: { count: group.capacity } });
