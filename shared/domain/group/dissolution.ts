import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import { count } from '../../data/counter-repo.ts';
import type { Group } from '../../data/group-repo.ts';
import * as groups from '../../data/group-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import * as memberships from '../../data/membership-repo.ts';
import type { AppId, GroupId } from '../../ids.ts';
import { groupCommand } from './command.ts';

/**
 * Section 7.20: dissolves the group for all members at once, by one small transaction whatever its size. The background
 * cleans up the rest (`background/dissolved-group.ts`).
 * @throws ApiError groupMissing, needsMember, needsOwner
 */
export const destroy = (call: Call, id: GroupId): Promise<true> =>
  groupCommand(call, id, 'destroy', [], ({ group }) => ({
    steps: dissolutionSteps(call.app, group, call.now, call.limits.groups > 0),
    answer: () => true as const,
  }));

/** @param counted the app counts its groups @param only conditions on the group besides its owner */
export const dissolutionSteps = (
  app: AppId,
  group: Group,
  now: number,
  counted: boolean,
  only: { count?: number } = {},
): Step[] => [
  ...groups.dissolve(app, group, only),
  putJob({ kind: 'dissolved group', app, group: group.group, createdAt: now }),
  // At once, since it counts the groups owned.
  ...memberships.removeOwner(app, group.group, group.owner),
  ...(counted ? [count(app, 'groups', -1)] : []),
];
