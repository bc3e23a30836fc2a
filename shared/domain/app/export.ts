import { announcementsOf } from '../../data/announcement-repo.ts';
import type { App } from '../../data/app-repo.ts';
import { Database } from '../../data/database.ts';
import { groupInfoOf, groupOf, groupTextOf } from '../../data/group-repo.ts';
import { groupMembershipsOf, isMember, memberIn } from '../../data/membership-repo.ts';
import type { OperatorTable } from '../../data/operator-queries.ts';
import { profileOf, settingsOf, tagsOf } from '../../data/profile-repo.ts';
import type { Item } from '../../data/read.ts';
import { groupsAdministeredOf } from '../../data/role-repo.ts';
import { directoryOf, userOf } from '../../data/user-repo.ts';
import { withTexts } from '../group/announcement.ts';
import {
  announcementLine,
  banLine,
  blockLine,
  groupLine,
  type Line,
  lean,
  memberLine,
  userLine,
} from './import-lines.ts';

/** Users whose records are read together: four BatchGets side by side. */
const PAGE = 100;

/**
 * Every user and group of an app as lines, users in order of registration, then each group with its people and
 * announcements. Deleted users and dissolved groups have none. Not a snapshot: what changes meanwhile may be in it or
 * not, and members whose user registered meanwhile are left out. Holds the ids of all users and one group in memory.
 */
export async function* exportApp(table: OperatorTable, { app }: App): AsyncGenerator<object> {
  const open = () => new Database(table.client, table.name);
  const users = new Set<number>();
  const owners: number[] = [];
  for (let from: string | undefined = '0'; from !== undefined; ) {
    const db = open();
    const page: { users: number[]; last: string | undefined } = await db.read(directoryOf(app, { from, limit: PAGE }));
    const people = await db.read(
      page.users.map((id) => ({
        user: userOf(app, id),
        profile: profileOf(app, id),
        settings: settingsOf<Item>(app, id),
        tags: tagsOf(app, id),
      })),
    );
    for (const { user, profile, settings, tags } of people) {
      if (!user || user.status === 'deleted') continue;
      users.add(user.user);
      if (user.owned > 0) owners.push(user.user);
      yield lean(userLine(user, profile, settings, tags));
    }
    // The next key: a space sorts before all that a longer key could go on with.
    from = page.users.length < PAGE ? undefined : `${page.last} `;
  }
  for (const owner of owners) {
    const ids = await open().read(groupsAdministeredOf(app, owner));
    for (const id of ids.sort((one, other) => one - other))
      for (const line of await groupLines(open(), app, id, owner, users)) yield lean(line);
  }
}

/** Nothing where somebody else owns the group, who stands for it. */
async function groupLines(db: Database, app: string, id: number, owner: number, users: Set<number>): Promise<Line[]> {
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
