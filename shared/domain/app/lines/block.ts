import * as blocks from '../../../data/block-repo.ts';
import * as groups from '../../../data/group-repo.ts';
import { putJob } from '../../../data/job-repo.ts';
import { type GroupMembership, isMember, memberIn } from '../../../data/membership-repo.ts';
import { badParameter } from '../../../errors.ts';
import type { GroupId, UserId } from '../../../ids.ts';
import { groupNamed, type LineKind, type Optional, unlessDiffering, userNamed, usersOfGroup } from './line.ts';

export type BlockLine = { kind: 'block'; group_id: GroupId; user_id: UserId } & Optional<{ created_at: number }>;

export const blockLine = (group: GroupId, membership: GroupMembership): BlockLine => ({
  kind: 'block',
  group_id: group,
  user_id: memberIn(membership),
  created_at: membership.blocked,
});

export const blockKind: LineKind<BlockLine, ReturnType<typeof usersOfGroup>> = {
  defaults: {},
  lane: ({ group_id }) => `group ${group_id}`,
  contended: ({ user_id }) => [`user ${user_id}`],
  reads: usersOfGroup,

  entry({ app, now }, records, { entry: { line }, index }) {
    const { group_id: id, user_id } = line;
    groupNamed(records.group, id);
    const { user, membership } = records.users[index]!;
    if (membership?.state === 'blocked') return unlessDiffering(line, blockLine(id, membership));
    userNamed('user_id', user, user_id);
    if (isMember(membership)) throw badParameter('user_id', 'is a member of the group, and nobody is both');
    return blocks.set(app, id, user_id, membership, now, line.created_at);
  },

  shared({ app, now }, { group }, batch) {
    const id = group!.group;
    const users = batch.map(({ entry }) => entry.line.user_id);
    return [
      groups.count(app, id, { blocks: users.length }),
      putJob({ kind: 'blocked users', app, group: id, users, createdAt: now }),
    ];
  },
};
