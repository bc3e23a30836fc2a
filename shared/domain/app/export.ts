import { isDeepStrictEqual } from 'node:util';
import { announcementsOf } from '../../data/announcement-repo.ts';
import type { App } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { groupInfoOf, groupOf, groupTextOf } from '../../data/group-repo.ts';
import { groupMembershipsOf, isMember, memberIn } from '../../data/membership-repo.ts';
import { groupsAdministeredOf } from '../../data/role-repo.ts';
import { DIRECTORY_BEGIN, type DirectoryPage, directoryOf } from '../../data/user-repo.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { withTexts } from '../group/announcement.ts';
import { announcementLine } from './lines/announcement.ts';
import { banLine } from './lines/ban.ts';
import { blockLine } from './lines/block.ts';
import { groupLine } from './lines/group.ts';
import { kindOf, type Line } from './lines/kinds.ts';
import { memberLine } from './lines/member.ts';
import { userLine, userRecords } from './lines/user.ts';

/** Users whose records are read together: four BatchGets side by side. */
const PAGE = 100;

/**
 * Every user and group of an app as lines: users in order of registration, then each group with its members, blocks,
 * bans and announcements. Deleted users and dissolved groups have none. This is no snapshot: it may contain what changes
 * meanwhile, or not, and leaves out members who registered meanwhile. It holds the ids of all users and one group in
 * memory.
 */
export async function* exportApp(open: () => Database, { app }: App): AsyncGenerator<Partial<Line>> {
  const users = new Set<UserId>();
  const owners: UserId[] = [];
  for (let from: string | undefined = DIRECTORY_BEGIN; from !== undefined; ) {
    const db = open();
    const page: DirectoryPage = await db.read(directoryOf(app, { from, limit: PAGE }));
    const records = await db.read(page.users.map((id) => userRecords(app, id)));
    for (const { user, profile, settings, tags } of records) {
      if (!user || user.status === 'deleted') continue;
      users.add(user.user);
      if (user.owned > 0) owners.push(user.user);
      yield lean(userLine(user, profile, settings, tags));
    }
    // The next key: a space sorts before every character that continues a longer key.
    from = page.users.length < PAGE ? undefined : `${page.last} `;
  }
  for (const owner of owners) {
    const ids = await open().read(groupsAdministeredOf(app, owner));
    for (const id of ids.sort((one, other) => one - other))
      for (const line of await groupLines(open(), app, id, owner, users)) yield lean(line);
  }
}

/** The lines of a group, where this user owns it. */
async function groupLines(
  db: Database,
  app: AppId,
  id: GroupId,
  owner: UserId,
  users: ReadonlySet<UserId>,
): Promise<Line[]> {
  const group = await db.read(groupOf(app, id));
  if (group?.status !== 'normal' || group.owner !== owner) return [];
  const { info, text, memberships, ...read } = await db.read({
    info: groupInfoOf(app, id),
    text: groupTextOf(app, id),
    memberships: groupMembershipsOf(app, id),
    announcements: announcementsOf(app, id),
  });
  const announcements = await withTexts(db, app, id, read.announcements);
  const now = Date.now();
  const known = memberships.filter((membership) => users.has(memberIn(membership)));
  const listed = known
    .filter(({ lsi1sk }) => lsi1sk !== undefined)
    .sort((one, other) => (one.lsi1sk! < other.lsi1sk! ? -1 : 1));
  return [
    groupLine(group, info, text, now),
    ...listed.filter(isMember).map((membership) => memberLine(id, membership)),
    ...listed.filter(({ state }) => state === 'blocked').map((membership) => blockLine(id, membership)),
    ...known.flatMap((membership) => banLine(id, membership, now) ?? []),
    ...announcements.map((announcement) => announcementLine(id, announcement)),
  ];
}

/** The line without the fields that are at their default. */
function lean(line: Line): Partial<Line> {
  const defaults: Record<string, unknown> = kindOf(line).defaults;
  return Object.fromEntries(
    Object.entries(line).filter(
      ([field, value]) => value !== undefined && !(field in defaults && isDeepStrictEqual(value, defaults[field])),
    ),
  );
}
