import type { Call } from '../../call/call.ts';
import * as groups from '../../data/group-repo.ts';
import { groupOf } from '../../data/group-repo.ts';
import { ADMIN_ROLE, groupMembershipOf, isMember, OWNER_ROLE } from '../../data/membership-repo.ts';
import * as roles from '../../data/role-repo.ts';
import { userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { admit } from '../group/admission.ts';
import { entryResult } from '../group/command.ts';
import { existingGroup } from '../group/permissions.ts';
import { existingUser } from '../user/status.ts';

/**
 * The app gives a group another owner, whatever became of the old one, who becomes a plain member. A user who is no member
 * joins by the same transaction, so nobody ever sees a group with two owners, or with one who is no member.
 * @throws ApiError groupMissing, userMissing, tooManyOwned; of a user who joins blocked, tooManyJoined, groupFull
 */
export function assignOwner(call: Call, id: GroupId, successor: UserId) {
  const { app, now } = call;
  const reads = {
    group: groupOf(app, id),
    membership: groupMembershipOf(app, id, successor),
    user: userOf(app, successor),
  };
  return call.change(reads, ({ group: found, membership, user }) => {
    const group = existingGroup(found);
    const answer = () => entryResult(successor);
    if (successor === group.owner) return { steps: [], answer };
    const most = call.limits.groups_owned;
    if (existingUser(user).owned >= most) throw new ApiError('tooManyOwned');
    const joins = !isMember(membership);
    const next = { user: successor, wasAdmin: !joins && membership.role === ADMIN_ROLE };
    const candidate = { id: successor, user, membership };
    return {
      steps: [
        groups.transferOwner(app, group, next, now, { joins }),
        ...roles.resignOwner(app, id, group.owner),
        ...(joins
          ? admit(call, group, candidate, { via: 'invited', mostOwned: most, imported: { role: OWNER_ROLE } })
          : roles.becomeOwner(app, id, membership, now, most)),
      ],
      answer,
    };
  });
}
