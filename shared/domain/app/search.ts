import { appIds } from '../../data/app-repo.ts';
import { lacksGroupEntries, lacksNameEntry } from '../../data/index-entry-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { groupsAdministeredOf } from '../../data/role-repo.ts';
import { DIRECTORY_BEGIN, directoryOf, isUser, userOf } from '../../data/user-repo.ts';
import type { AppId } from '../../ids.ts';

/** How many of the oldest users are looked at, and groups of each that they lead. */
const [USERS, GROUPS] = [20, 5];
/** Apps that are looked at together. */
const AT_ONCE = 25;

/**
 * Whether the searches of an app miss users or groups that an earlier release has made: a look at the oldest users and the
 * groups that they lead.
 */
export async function searchMisses(table: OperatorTable, app: AppId): Promise<boolean> {
  const db = viewOf(table);
  const { users: oldest } = await db.read(directoryOf(app, { from: DIRECTORY_BEGIN, limit: USERS }));
  const found = await db.read({
    users: oldest.map((user) => userOf(app, user)),
    groups: oldest.map((user) => groupsAdministeredOf(app, user, GROUPS)),
  });
  const missing = await db.read([
    ...found.users.filter(isUser).map(({ username }) => lacksNameEntry(app, username)),
    ...[...new Set(found.groups.flat())].flatMap((group) => lacksGroupEntries(app, group)),
  ]);
  return missing.includes(true);
}

/** The apps of which searches miss something. */
export async function appsWithMisses(table: OperatorTable): Promise<AppId[]> {
  const apps = await viewOf(table).read(appIds());
  const missing: AppId[] = [];
  for (let from = 0; from < apps.length; from += AT_ONCE) {
    const some = apps.slice(from, from + AT_ONCE);
    const misses = await Promise.all(some.map((app) => searchMisses(table, app)));
    missing.push(...some.filter((_, index) => misses[index]));
  }
  return missing;
}
