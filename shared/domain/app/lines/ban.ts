import * as bans from '../../../data/ban-repo.ts';
import * as groups from '../../../data/group-repo.ts';
import { type GroupMembership, memberIn, runningBanEnd } from '../../../data/membership-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { GroupId, UserId } from '../../../ids.ts';
import {
  groupNamed,
  type LineKind,
  lineTime,
  type Optional,
  storedTime,
  unlessDiffering,
  userNamed,
  usersOfGroup,
} from './line.ts';

export type BanLine = { kind: 'ban'; group_id: GroupId; user_id: UserId; expired_time: number } & Optional<{
  created_at: number;
}>;

/** The ban that runs; undefined where none does. */
export function banLine(group: GroupId, membership: GroupMembership, now: number): BanLine | undefined {
  const bannedUntil = runningBanEnd(membership, now);
  if (bannedUntil === undefined) return undefined;
  const user_id = memberIn(membership);
  return { kind: 'ban', group_id: group, user_id, expired_time: lineTime(bannedUntil), created_at: membership.banned };
}

/** A ban of a member, or of a user who returns with it. */
export const banKind: LineKind<BanLine, ReturnType<typeof usersOfGroup>> = {
  defaults: {},
  lane: ({ group_id }) => `group ${group_id}`,
  contended: ({ user_id }) => [`user ${user_id}`],
  reads: usersOfGroup,

  entry({ app, now }, records, { entry: { line }, index }) {
    const { group_id: id, user_id, created_at: banned = now } = line;
    const group = groupNamed(records.group, id);
    const { user, membership } = records.users[index]!;
    const bannedUntil = storedTime(line.expired_time);
    if (bannedUntil <= now) throw badParameter('expired_time', 'has passed');
    const running = membership && banLine(id, membership, now);
    if (running) return unlessDiffering(line, running);
    userNamed('user_id', user, user_id);
    if (user_id === group.owner) throw badParameter('user_id', 'owns the group and cannot be banned');
    return [bans.setImported(app, id, user_id, membership, { banned, bannedUntil })];
  },

  shared: ({ app }, { group }) => [groups.isThere(app, group!.group)],
};
