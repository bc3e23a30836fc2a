import * as contacts from '../../../data/contact-repo.ts';
import * as users from '../../../data/user-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { UserId } from '../../../ids.ts';
import {
  countPairs,
  type LineKind,
  type Optional,
  pairNamed,
  type Scope,
  unlessDiffering,
  usersOfPairs,
} from './line.ts';

/** A user on the personal blacklist of another. */
export type UserBlockLine = { kind: 'user_block'; user_id: UserId; blocked_id: UserId } & Optional<{
  created_at: number;
}>;

export const userBlockLine = (user: UserId, blocked: UserId, blockedAt: number): UserBlockLine => ({
  kind: 'user_block',
  user_id: user,
  blocked_id: blocked,
  created_at: blockedAt,
});

const FIELDS = ['user_id', 'blocked_id'] as const;
const reads = (scope: Pick<Scope, 'app'>, lines: readonly UserBlockLine[]) => usersOfPairs(scope, lines, FIELDS);

export const userBlockKind: LineKind<UserBlockLine, ReturnType<typeof reads>> = {
  defaults: {},
  lane: ({ user_id }) => `user ${user_id}`,
  contended: ({ blocked_id }) => [`user ${blocked_id}`],
  reads,

  entry(scope, records, entry, batch) {
    const { app, limits, now } = scope;
    const { line } = entry.entry;
    const pair = pairNamed(scope, records, entry, FIELDS);
    const { user, other, mine, theirs, myCounts, theirCounts } = pair;
    if (mine?.blockedAt !== undefined) return unlessDiffering(line, userBlockLine(user, other, mine.blockedAt));
    if ((myCounts?.blocked ?? 0) + batch.length >= limits.blocked)
      throw badParameter('user_id', `a user blocks at most ${limits.blocked} users`);
    return [
      ...contacts.block(pair, line.created_at ?? now + entry.index),
      ...contacts.count(app, other, theirCounts, contacts.withoutRequest(theirs, theirCounts)),
      users.checkExists(app, other),
    ];
  },

  shared: (scope, records, batch) => countPairs(scope, records, batch, 'blocked'),
};
