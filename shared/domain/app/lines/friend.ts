import * as contacts from '../../../data/contact-repo.ts';
import { type Contact, extOf } from '../../../data/contact-repo.ts';
import * as users from '../../../data/user-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { UserId } from '../../../ids.ts';
import { friendCounts } from '../../roster/friendship.ts';
import {
  countPairs,
  type LineKind,
  type Optional,
  pairNamed,
  type Scope,
  unlessDiffering,
  usersOfPairs,
} from './line.ts';

/** A friendship, once for both users: `alias`, `ext` and mute of the user, and those of the friend. */
export type FriendLine = { kind: 'friend'; user_id: UserId; friend_id: UserId } & Optional<{
  created_at: number;
  alias: string;
  ext: string;
  mute_notification: boolean;
  friend_alias: string;
  friend_ext: string;
  friend_mute_notification: boolean;
}>;

/** One side of a friendship. */
interface Side {
  user: UserId;
  contact: Contact | undefined;
  ext: string | undefined;
}

export const friendLine = (own: Side, other: Side): FriendLine => ({
  kind: 'friend',
  user_id: own.user,
  friend_id: other.user,
  created_at: own.contact?.friendAt,
  alias: own.contact?.alias ?? '',
  ext: own.ext ?? '',
  mute_notification: own.contact?.mute ?? false,
  friend_alias: other.contact?.alias ?? '',
  friend_ext: other.ext ?? '',
  friend_mute_notification: other.contact?.mute ?? false,
});

const FIELDS = ['user_id', 'friend_id'] as const;
const reads = (scope: Pick<Scope, 'app'>, lines: readonly FriendLine[]) => ({
  ...usersOfPairs(scope, lines, FIELDS),
  // Only what a line gives is compared.
  exts: lines.map(({ user_id, friend_id, ext, friend_ext }) => ({
    own: ext === undefined ? [] : [extOf(scope.app, user_id, friend_id)],
    other: friend_ext === undefined ? [] : [extOf(scope.app, friend_id, user_id)],
  })),
});

export const friendKind: LineKind<FriendLine, ReturnType<typeof reads>> = {
  defaults: {
    alias: '',
    ext: '',
    mute_notification: false,
    friend_alias: '',
    friend_ext: '',
    friend_mute_notification: false,
  },
  lane: ({ user_id }) => `user ${user_id}`,
  contended: ({ friend_id }) => [`user ${friend_id}`],
  reads,

  entry(scope, records, entry, batch) {
    const { app, limits, now } = scope;
    const { line } = entry.entry;
    const pair = pairNamed(scope, records, entry, FIELDS);
    const { user, other, mine, theirs, myCounts, theirCounts } = pair;
    if (mine?.friendAt !== undefined) {
      const { own, other: others } = records.exts[entry.index]!;
      const there = friendLine(
        { user, contact: mine, ext: own[0]?.ext },
        { user: other, contact: theirs, ext: others[0]?.ext },
      );
      return unlessDiffering(line, there);
    }
    const most = limits.friends;
    const full = `a user has at most ${most} friends`;
    if ((myCounts?.friends ?? 0) + batch.length >= most) throw badParameter('user_id', full);
    if ((theirCounts?.friends ?? 0) >= most) throw badParameter('friend_id', full);
    const { created_at: friendAt = now + entry.index, friend_alias, friend_ext, friend_mute_notification } = line;
    return [
      ...contacts.befriendImported(
        pair,
        friendAt,
        { alias: line.alias, ext: line.ext, mute: line.mute_notification },
        { alias: friend_alias, ext: friend_ext, mute: friend_mute_notification },
      ),
      ...contacts.count(app, other, theirCounts, friendCounts(theirs, theirCounts), { friends: most }),
      users.checkExists(app, other),
    ];
  },

  shared: (scope, records, batch) => countPairs(scope, records, batch, 'friends'),
};
