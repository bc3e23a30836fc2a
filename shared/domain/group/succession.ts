import type { Step } from '../../call/transact.ts';
import type { Database } from '../../data/database.ts';
import type { Group } from '../../data/group-repo.ts';
import * as groups from '../../data/group-repo.ts';
import { ADMIN_ROLE, type GroupMembership, memberIn } from '../../data/membership-repo.ts';
import { becomeOwner, successorsOf } from '../../data/role-repo.ts';
import { isUser, userOf } from '../../data/user-repo.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { dissolutionSteps } from './dissolution.ts';

/** Members of a page. */
const PAGE = 50;

/** The admin longest in office, or else the member longest in the group, whose user is not deleted. */
export async function findSuccessor(
  db: Database,
  app: AppId,
  group: GroupId,
  owner: UserId,
): Promise<UserId | undefined> {
  for (const which of ['admins', 'members'] as const) {
    let position: string | undefined;
    do {
      const { successors, more } = await db.read(successorsOf(app, group, which, position, PAGE));
      const others = successors.map(memberIn).filter((successor) => successor !== owner);
      const people = await db.read(others.map((successor) => userOf(app, successor)));
      const successor = people.find(isUser);
      if (successor) return successor.user;
      position = more;
    } while (position !== undefined);
  }
  return undefined;
}

/** Makes the successor the owner. Dissolves a group that has none, while its count is still the one that was read. */
export function successionSteps(
  app: AppId,
  group: Group,
  successor: GroupMembership | undefined,
  now: number,
  counted: boolean,
): Step[] {
  if (!successor) return dissolutionSteps(app, group, now, counted, { count: group.count });
  const next = { user: memberIn(successor), wasAdmin: successor.role === ADMIN_ROLE };
  return [
    groups.transferOwner(app, group, next, now, { leaves: true }),
    ...becomeOwner(app, group.group, successor, now),
  ];
}
