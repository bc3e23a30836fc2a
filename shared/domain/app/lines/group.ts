import * as counters from '../../../data/counter-repo.ts';
import { countersOf, SHARDS, totalOf } from '../../../data/counter-repo.ts';
import * as groups from '../../../data/group-repo.ts';
import {
  type Group,
  type GroupInfo,
  type GroupText,
  groupInfoOf,
  groupOf,
  groupTextOf,
  NEW_GROUP,
} from '../../../data/group-repo.ts';
import { userOf } from '../../../data/user-repo.ts';
import { ApiError, badParameter } from '../../../errors.ts';
import type { GroupId, UserId } from '../../../ids.ts';
import { foundingSteps } from '../../group/creation.ts';
import { lastChanged, settingsReply } from '../../group/reply.ts';
import { type LineKind, lineTime, type Optional, type Scope, storedTime, unlessDiffering, userNamed } from './line.ts';

export type GroupLine = { kind: 'group'; group_id: GroupId; owner_id: UserId; name: string } & Optional<{
  avatar: string;
  description: string;
  ext: string;
  type: 0 | 1 | 2;
  capacity: number;
  apply_approval: 0 | 1 | 2;
  member_invite: boolean;
  member_modify: boolean;
  history_visible: boolean;
  read_ack: boolean;
  hide_member_info: boolean;
  ban_expire_time: number;
  created_at: number;
  updated_at: number;
}>;

/** A group with all fields, those at their default too. */
export function groupLine(
  group: Group,
  info: GroupInfo | undefined,
  text: GroupText | undefined,
  now: number,
): GroupLine {
  return {
    kind: 'group',
    group_id: group.group,
    owner_id: group.owner,
    ...settingsReply(group, info, text),
    ban_expire_time: group.mutedUntil > now ? lineTime(group.mutedUntil) : 0,
    created_at: group.createdAt,
    updated_at: lastChanged(group, info, text),
  };
}

const reads = ({ app, limits }: Pick<Scope, 'app' | 'limits'>, lines: readonly GroupLine[]) => ({
  groups: lines.map(({ group_id, owner_id }) => ({
    group: groupOf(app, group_id),
    info: groupInfoOf(app, group_id),
    text: groupTextOf(app, group_id),
    owner: userOf(app, owner_id),
  })),
  counters: limits.groups > 0 ? countersOf(app) : [],
});

/** The owner is a member by the group's line. */
export const groupKind: LineKind<GroupLine, ReturnType<typeof reads>> = {
  defaults: {
    avatar: '',
    description: '',
    ext: '',
    type: 0,
    apply_approval: NEW_GROUP.approval,
    member_invite: NEW_GROUP.member_invite,
    member_modify: NEW_GROUP.member_modify,
    history_visible: NEW_GROUP.history_visible,
    read_ack: NEW_GROUP.read_ack,
    hide_member_info: false,
    ban_expire_time: 0,
  },
  lane: ({ owner_id }, lanes) => `lane ${owner_id % lanes}`,
  contended: ({ group_id, owner_id }) => [`id ${group_id}`, `owner ${owner_id}`],
  reads,

  entry(scope, { groups: found, counters: shards }, { entry: { line }, index }, batch) {
    const { app, limits, now } = scope;
    const { group, info, text, owner } = found[index]!;
    if (group?.status === 'dissolved') throw badParameter('group_id', 'belonged to a group that was dissolved');
    if (group) return unlessDiffering(line, groupLine(group, info, text, now));
    const founder = userNamed('owner_id', owner, line.owner_id);
    if (limits.groups > 0 && totalOf(shards, 'groups') + batch.length >= limits.groups)
      throw new ApiError('tooManyGroups');
    const made = newGroup(line, limits.group_capacity, now);
    const { name, avatar = '', description, ext } = line;
    const texts = { ...(description && { description }), ...(ext && { ext }), updatedAt: made.updatedAt };
    return [
      ...foundingSteps(scope, made, founder, 'imported'),
      groups.create(app, made),
      ...groups.createTexts(app, made, { name, avatar, updatedAt: made.updatedAt }, texts),
    ];
  },

  // All lines are of one lane, so each lane has a shard of its own.
  shared: ({ app, limits }, _, batch) =>
    limits.groups > 0 ? [counters.count(app, 'groups', batch.length, batch[0]!.entry.line.owner_id % SHARDS)] : [],
};

function newGroup(line: GroupLine, usual: number, now: number): Group {
  const { created_at: createdAt = now, updated_at: updatedAt = createdAt, ban_expire_time: mutedUntil = 0 } = line;
  return {
    ...NEW_GROUP,
    group: line.group_id,
    owner: line.owner_id,
    type: line.type ?? 0,
    capacity: line.capacity ?? usual,
    approval: line.apply_approval ?? NEW_GROUP.approval,
    member_invite: line.member_invite ?? NEW_GROUP.member_invite,
    member_modify: line.member_modify ?? NEW_GROUP.member_modify,
    history_visible: line.history_visible ?? NEW_GROUP.history_visible,
    read_ack: line.read_ack ?? NEW_GROUP.read_ack,
    ...(line.hide_member_info && { hide_member_info: true }),
    mutedUntil: storedTime(mutedUntil),
    createdAt,
    updatedAt,
  };
}
