import type { AppId, GroupId, UserId } from '../ids.ts';
import { unchanged } from './expression.ts';
import {
  endedGroupMembership,
  endedUserMembership,
  type GroupMembership,
  isMember,
  runningBanEnd,
} from './membership-repo.ts';
import { asRecord, type Listing } from './read.ts';
import * as schema from './schema.ts';
import { check, measured, put, remove, type Step, update } from './step.ts';
import { NOT_DELETED } from './user-repo.ts';

/**
 * Blocks a user: a membership ends as by a kick, a pending application is removed, and the time in the user membership
 * voids earlier invitations. @param blockedAt when an imported block began
 */
export function set(
  app: AppId,
  group: GroupId,
  user: UserId,
  was: GroupMembership | undefined,
  now: number,
  blockedAt = now,
): Step[] {
  const bannedUntil = runningBanEnd(was, now);
  const ban = bannedUntil !== undefined && { banned: was?.banned, bannedUntil };
  const blocked = Math.max(now, was?.invited ?? 0);
  return [
    measured(
      'blocks',
      put(
        schema.groupMembership.key(app, group, user),
        {
          state: 'blocked',
          blocked: blockedAt,
          lsi1sk: schema.groupMembership.orders.blocked(blockedAt, user),
          ...ban,
        },
        unchanged(was, 'state', 'role', 'bannedUntil', 'applied', 'invited'),
      ),
    ),
    update(schema.userMembership.key(app, user, group), {
      set: {
        ...endedUserMembership(now),
        ...(isMember(was) && { kicked: now }),
        blocked,
        applied: undefined,
        lsi2sk: schema.userMembership.orders.void(blocked, group),
      },
    }),
    isMember(was)
      ? measured('leaves', update(schema.user.key(app, user), { add: { joined: -1 } }, NOT_DELETED))
      : check(schema.user.key(app, user), NOT_DELETED),
    ...(was?.applied === undefined ? [] : [remove(schema.application.key(app, group, user))]),
  ];
}

/** Lifts a block. A running ban stays. */
export function lift(app: AppId, group: GroupId, user: UserId, was: GroupMembership, now: number): Step {
  return put(
    schema.groupMembership.key(app, group, user),
    endedGroupMembership(was, runningBanEnd(was, now), now),
    unchanged(was, 'state', 'bannedUntil'),
  );
}

/** The blocked users of a group, the newest first. */
export const blockedNewestFirst = (app: AppId, group: GroupId): Listing<GroupMembership> => ({
  partition: schema.groupMembership.partition(app, group),
  order: schema.groupMembership.orders.blocked,
  entryBytes: schema.groupMembership.bytes,
  descending: true,
  entry: asRecord<GroupMembership>,
});
