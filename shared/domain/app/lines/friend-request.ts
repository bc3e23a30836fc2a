import type { Contact } from '../../../data/contact-repo.ts';
import * as contacts from '../../../data/contact-repo.ts';
import * as users from '../../../data/user-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { UserId } from '../../../ids.ts';
import { KEPT_IN_LISTS } from '../../../limits.ts';
import { type LineKind, type Optional, pairNamed, type Scope, unlessDiffering, usersOfPairs } from './line.ts';

/** An open friend request that a user has received. The alias is the sender's name for the user. */
export type FriendRequestLine = { kind: 'friend_request'; user_id: UserId; sender_id: UserId } & Optional<{
  reason: string;
  alias: string;
  expired_time: number;
  created_at: number;
}>;

/** @param received the contact of the user with the request, @param sent that of the sender */
export const friendRequestLine = (
  user: UserId,
  sender: UserId,
  received: Contact,
  sent: Contact | undefined,
): FriendRequestLine => ({
  kind: 'friend_request',
  user_id: user,
  sender_id: sender,
  reason: received.requestReason ?? '',
  alias: sent?.alias ?? '',
  expired_time: received.requestExpiresAt,
  created_at: received.requestedAt,
});

const FIELDS = ['sender_id', 'user_id'] as const;
const reads = (scope: Pick<Scope, 'app'>, lines: readonly FriendRequestLine[]) => usersOfPairs(scope, lines, FIELDS);

/** Lines of one sender are imported together. */
export const friendRequestKind: LineKind<FriendRequestLine, ReturnType<typeof reads>> = {
  defaults: { reason: '', alias: '' },
  lane: ({ sender_id }) => `user ${sender_id}`,
  contended: ({ user_id }) => [`user ${user_id}`],
  reads,

  entry(scope, records, entry) {
    const { app, limits, now } = scope;
    const { line } = entry.entry;
    const pair = pairNamed(scope, records, entry, FIELDS);
    const { user: sender, other: user, mine, theirs, theirCounts } = pair;
    const { created_at: sentAt = now + entry.index, expired_time: expiresAt = now + limits.invitation_life * 1000 } =
      line;
    if (expiresAt <= now) throw badParameter('expired_time', 'has passed');
    if (theirs && contacts.isOpen(theirs, now))
      return unlessDiffering(line, friendRequestLine(user, sender, theirs, mine));
    if (expiresAt > sentAt + KEPT_IN_LISTS * 1000)
      throw badParameter('expired_time', 'must be at most 30 days after created_at');
    if (mine?.friendAt !== undefined) throw badParameter('sender_id', 'is a friend of the user already');
    if (mine?.blockedAt !== undefined || theirs?.blockedAt !== undefined)
      throw badParameter('sender_id', 'and the user do not write to each other: one has blocked the other');
    if (contacts.isOpen(mine, now)) throw badParameter('sender_id', 'has an open request of the user');
    const most = limits.friend_requests;
    const more = contacts.isCounted(theirs, theirCounts) ? 0 : 1;
    if ((theirCounts?.requests ?? 0) + more > most)
      throw badParameter('user_id', `a user receives at most ${most} open friend requests`);
    const { alias = '', reason = '' } = line;
    return [
      ...contacts.request(pair, { alias, reason, now: sentAt, expiresAt }),
      ...contacts.count(app, user, theirCounts, { requests: more }, more > 0 ? { requests: most } : {}),
      users.checkExists(app, user),
    ];
  },

  shared: ({ app }, { user }) => [users.checkExists(app, user!.user)],
};
