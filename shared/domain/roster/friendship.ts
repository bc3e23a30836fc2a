import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import type { Contact, ContactCounts, Counted, Pair } from '../../data/contact-repo.ts';
import * as contacts from '../../data/contact-repo.ts';
import * as users from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';
import { existingUser } from '../user/status.ts';
import { rosterCommand } from './command.ts';

/**
 * @param more friends that the actor gets by the same transaction
 * @throws ApiError tooManyFriends where one of the two users has no room
 */
export function demandRoom(call: Call, { myCounts, theirCounts }: Pair, more = 0): void {
  const most = call.limits.friends;
  if (friendsOf(myCounts) + more >= most || friendsOf(theirCounts) >= most) throw new ApiError('tooManyFriends');
}

const friendsOf = (counts: ContactCounts | undefined) => counts?.friends ?? 0;

/** How a new friendship changes the counts of one side: a request that it accepts is no longer open. */
export const friendCounts = (contact: Contact | undefined, counts: ContactCounts | undefined): Counted => ({
  friends: 1,
  ...contacts.withoutRequest(contact, counts),
});

/**
 * `POST /roster/accept`: the actor and the sender of an open request become friends.
 * @throws ApiError userMissing, friendRequestGone, tooManyFriends
 */
export const accept = (call: Call, other: UserId): Promise<true> =>
  rosterCommand(call, other, (pair, user) => {
    existingUser(user);
    demandOpen(call, pair);
    demandRoom(call, pair);
    const { app, mine, theirs, myCounts, theirCounts } = pair;
    const most = { friends: call.limits.friends };
    return [
      ...contacts.befriend(pair, call.now),
      ...contacts.count(app, pair.user, myCounts, friendCounts(mine, myCounts), most),
      ...contacts.count(app, other, theirCounts, friendCounts(theirs, theirCounts), most),
      users.checkExists(app, pair.user),
      users.checkExists(app, other),
    ];
  });

/** `POST /roster/decline`: an open request is rejected. @throws ApiError userMissing, friendRequestGone */
export const decline = (call: Call, other: UserId): Promise<true> =>
  rosterCommand(call, other, (pair, user) => {
    existingUser(user);
    demandOpen(call, pair);
    return [contacts.reject(pair), ...contacts.count(pair.app, pair.user, pair.myCounts, { requests: -1 })];
  });

function demandOpen(call: Call, { mine }: Pair): void {
  if (!contacts.isOpen(mine, call.now)) throw new ApiError('friendRequestGone');
}

/**
 * `POST /roster/delete`: ends the friendship on both sides. With a stranger it changes nothing.
 * @throws ApiError userMissing
 */
export const unfriend = (call: Call, other: UserId): Promise<true> =>
  rosterCommand(call, other, (pair, user) => {
    existingUser(user);
    const { app, mine, myCounts, theirCounts } = pair;
    if (mine?.friendAt === undefined) return mine?.deletedAt === undefined ? [] : [contacts.forgetDeletion(pair)];
    return [
      ...contacts.unfriend(pair, call.now),
      ...contacts.count(app, pair.user, myCounts, { friends: -1 }),
      ...contacts.count(app, other, theirCounts, { friends: -1 }),
    ];
  });

/** What the actor keeps about a friend, as a request gives it. */
export interface FriendNotes {
  alias?: string | undefined;
  ext?: string | undefined;
  mute_notification?: boolean | undefined;
}

/** `POST /roster/ext`: changes the given fields of the actor's own side. @throws ApiError userMissing, notFriend */
export const describeFriend = (
  call: Call,
  other: UserId,
  { alias, ext, mute_notification: mute }: FriendNotes,
): Promise<true> =>
  rosterCommand(call, other, (pair, user): Step[] => {
    existingUser(user);
    if (pair.mine?.friendAt === undefined) throw new ApiError('notFriend');
    const none = alias === undefined && ext === undefined && mute === undefined;
    return none ? [] : contacts.describe(pair, { alias, ext, mute });
  });
