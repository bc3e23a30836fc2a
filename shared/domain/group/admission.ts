import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import * as applications from '../../data/application-repo.ts';
import type { Group } from '../../data/group-repo.ts';
import * as groups from '../../data/group-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import {
  type GroupMembership,
  type ImportedMembership,
  isMember,
  type Joining,
  MEMBER_ROLE,
} from '../../data/membership-repo.ts';
import type { User } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';

/** A user at the one gate into a group. Every way in (invitation, application, open group, QR code) uses it. */
export interface Candidate {
  id: UserId;
  user: User | undefined;
  membership: GroupMembership | undefined;
}

/**
 * The user who may be invited or apply.
 * @throws ApiError userMissing, alreadyMember, blocked
 */
export function admissible({ user, membership }: Candidate): User {
  const existing = existingUser(user);
  if (isMember(membership)) throw new ApiError('alreadyMember');
  if (membership?.state === 'blocked') throw new ApiError('blocked');
  return existing;
}

interface Admission extends Pick<Joining, 'via' | 'by' | 'unasked' | 'invited' | 'signed' | 'mostOwned'> {
  /** Orders all who join by the call. */
  index?: number;
  /** How many join before by the same transaction. */
  nth?: number;
  imported?: ImportedMembership;
}

/**
 * The candidate's own steps of joining. The group's step is `countJoined`, once per transaction.
 * @throws ApiError as `admissible`, then tooManyJoined, groupFull
 */
export function admit(
  call: Pick<Call, 'app' | 'limits' | 'now'>,
  group: Group,
  candidate: Candidate,
  { index = 0, nth = 0, imported: { role = MEMBER_ROLE, ...imported } = {}, ...joining }: Admission,
): Step[] {
  const mostJoined = call.limits.groups_joined;
  if (admissible(candidate).joined >= mostJoined) throw new ApiError('tooManyJoined');
  if (group.count + nth >= group.capacity) throw new ApiError('groupFull');
  const { id, membership } = candidate;
  const { app, now } = call;
  return [
    ...memberships.join(app, group.group, id, membership, { now, index, role, mostJoined, imported, ...joining }),
    ...applications.settle(app, group.group, id, membership, now),
  ];
}

/** Counts members who join a group that exists and has room: exact under any race. @param equal its further values */
export const countJoined = (call: Call, group: Group, joining: number, equal: Partial<Group> = {}): Step =>
  groups.countMembers(call.app, group.group, { count: joining }, { equal, most: { count: group.capacity } });
