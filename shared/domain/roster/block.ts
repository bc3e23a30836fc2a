import type { Call } from '../../call/call.ts';
import * as contacts from '../../data/contact-repo.ts';
import * as users from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';
import { rosterCommand } from './command.ts';

/**
 * `POST /roster/block`: the actor no longer sees the user among friends, and gets neither requests nor messages of the
 * user. Open requests between the two are void. A friendship stays.
 * @throws ApiError userMissing, tooManyBlocked
 */
export const block = (call: Call, other: UserId): Promise<true> =>
  rosterCommand(call, other, (pair, found) => {
    existingUser(found);
    const { app, user, mine, theirs, myCounts, theirCounts } = pair;
    if (mine?.blockedAt !== undefined) return [];
    const most = call.limits.blocked;
    if ((myCounts?.blocked ?? 0) >= most) throw new ApiError('tooManyBlocked');
    return [
      ...contacts.block(pair, call.now),
      ...contacts.count(
        app,
        user,
        myCounts,
        { blocked: 1, ...contacts.withoutRequest(mine, myCounts) },
        { blocked: most },
      ),
      ...contacts.count(app, other, theirCounts, contacts.withoutRequest(theirs, theirCounts)),
      users.checkExists(app, user),
    ];
  });

/** `POST /roster/unblock`: also of users who are deleted. It is no error that a user is not blocked. */
export const unblock = (call: Call, other: UserId): Promise<true> =>
  rosterCommand(call, other, (pair) =>
    pair.mine?.blockedAt === undefined
      ? []
      : [contacts.unblock(pair, call.now), ...contacts.count(pair.app, pair.user, pair.myCounts, { blocked: -1 })],
  );

/** `GET /roster/blocked_list`: users whom the actor has blocked, the last first. */
export const blockedUsers = (call: Call): Promise<UserId[]> =>
  call.open(contacts.blockedNewestFirst(call.app, call.person));
