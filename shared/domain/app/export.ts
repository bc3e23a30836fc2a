import { isDeepStrictEqual } from 'node:util';
import { announcementsOf } from '../../data/announcement-repo.ts';
import type { App } from '../../data/app-repo.ts';
import { contactOf, contactsOf, countsOf, extOf, isOpen } from '../../data/contact-repo.ts';
import type { Database } from '../../data/database.ts';
import { groupInfoOf, groupOf, groupTextOf } from '../../data/group-repo.ts';
import { identitiesOf } from '../../data/identity-repo.ts';
import { groupMembershipsOf, isMember, memberIn } from '../../data/membership-repo.ts';
import { groupsAdministeredOf } from '../../data/role-repo.ts';
import { isUser } from '../../data/user-repo.ts';
import type { AppId, GroupId, UserId } from '../../ids.ts';
import { withTexts } from '../group/announcement.ts';
import { directoryPages } from './directory-pages.ts';
import { announcementLine } from './lines/announcement.ts';
import { banLine } from './lines/ban.ts';
import { blockLine } from './lines/block.ts';
import { friendLine } from './lines/friend.ts';
import { friendRequestLine } from './lines/friend-request.ts';
import { groupLine } from './lines/group.ts';
import { kindOf, type Line } from './lines/kinds.ts';
import { memberLine } from './lines/member.ts';
import { identityInLine, userLine, userRecords } from './lines/user.ts';
import { userBlockLine } from './lines/user-block.ts';

/** Users whose records are read together: four BatchGets side by side. */
const PAGE = 100;

/**
 * Every user and group of an app as lines: users in order of registration, then the friendships, blocked users and open
 * requests of each user, then each group with its members, blocks, bans and announcements. Deleted users and dissolved
 * groups have none. This is no snapshot: it may contain what changes meanwhile, or not, and leaves out members and
 * friends who registered meanwhile. It holds the ids of all users and one group in memory.
 */
export async function* exportApp(open: () => Database, { app }: App): AsyncGenerator<Partial<Line>> {
  const users = new Set<UserId>();
  const owners: UserId[] = [];
  const withContacts: UserId[] = [];
  for await (const page of directoryPages(open, app, { limit: PAGE })) {
    const records = await open().read(page.users.map((id) => ({ ...userRecords(app, id), counts: countsOf(app, id) })));
    const bound = records.flatMap(({ user }) => (isUser(user) && user.identities ? [user.user] : []));
    const found = bound.length > 0 ? await open().read(bound.map((id) => identitiesOf(app, id))) : [];
    const identities = new Map(bound.map((id, index) => [id, found[index]!.map(identityInLine)]));
    for (const { user, profile, settings, tags, counts } of records) {
      if (!isUser(user)) continue;
      users.add(user.user);
      if (user.owned > 0) owners.push(user.user);
      if (counts?.friends || counts?.blocked || counts?.requests) withContacts.push(user.user);
      yield lean(userLine(user, profile, settings, tags, identities.get(user.user)));
    }
  }
  for (const user of withContacts) for (const line of await contactLines(open(), app, user, users)) yield lean(line);
  for (const owner of owners) {
    const ids = await open().read(groupsAdministeredOf(app, owner));
    for (const id of ids.sort((one, other) => one - other))
      for (const line of await groupLines(open(), app, id, owner, users)) yield lean(line);
  }
}

/** Friendships with users of a larger id, blocked users and open requests of a user. */
async function contactLines(db: Database, app: AppId, user: UserId, users: ReadonlySet<UserId>): Promise<Line[]> {
  const now = Date.now();
  const known = (await db.read(contactsOf(app, user))).filter(({ other }) => users.has(other));
  const isListedHere = ({ other, contact }: (typeof known)[number]) => contact.friendAt !== undefined && user < other;
  const needed = known.filter((one) => isListedHere(one) || isOpen(one.contact, now));
  const records = await db.read(
    needed.map(({ other, contact }) => ({
      theirs: contactOf(app, other, user),
      ext: contact.ext ? [extOf(app, user, other)] : [],
      theirExt: contact.friendAt === undefined ? [] : [extOf(app, other, user)],
    })),
  );
  const sides = needed.map((one, index) => ({ ...one, ...records[index]! }));
  return [
    ...sides
      .filter((one) => isListedHere(one) && one.contact.friendAt === one.theirs?.friendAt)
      .map(({ other, contact, theirs, ext, theirExt }) =>
        friendLine({ user, contact, ext: ext[0]?.ext }, { user: other, contact: theirs, ext: theirExt[0]?.ext }),
      ),
    ...known.flatMap(({ other, contact: { blockedAt } }) =>
      blockedAt === undefined ? [] : [userBlockLine(user, other, blockedAt)],
    ),
    ...sides
      .filter(({ contact }) => isOpen(contact, now))
      .map(({ other, contact, theirs }) => friendRequestLine(user, other, contact, theirs)),
  ];
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
