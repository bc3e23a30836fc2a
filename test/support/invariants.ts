import { ScanCommand, type ScanCommandInput } from '@aws-sdk/lib-dynamodb';
import { type Application, isPending } from '../../shared/data/application-repo.ts';
import { type Contact, type ContactCounts, isCounted, WAITING } from '../../shared/data/contact-repo.ts';
import type { SharedFile } from '../../shared/data/file-repo.ts';
import type { Group } from '../../shared/data/group-repo.ts';
import { banOrder, comparedName, FOR_EVER, indexedName, type Key } from '../../shared/data/keys.ts';
import {
  ADMIN_ROLE,
  type GroupMembership,
  OWNER_ROLE,
  type UserMembership,
} from '../../shared/data/membership-repo.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { type Item, keyText } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import type { Sequence } from '../../shared/data/sequence-repo.ts';
import type { User } from '../../shared/data/user-repo.ts';
import { KEPT_IN_LISTS } from '../../shared/limits.ts';
import { userId } from './ids.ts';
import { schemaProblems } from './schema.ts';

/** What is wrong with an app's data. Reads the table whole, so it is for small ones. */
export async function problems(table: OperatorTable, app: string): Promise<string[]> {
  return problemsOf(await itemsOf(table, app), Date.now());
}

/** The same of several apps, with a name for the reader, by one reading of the table. */
export async function problemsOfAll(table: OperatorTable, names: Map<string, string>): Promise<string[]> {
  const items = Map.groupBy(await scan(table), ({ pk }) => pk.split('#')[1]);
  return [...names].flatMap(([app, name]) =>
    problemsOf(items.get(app) ?? [], Date.now()).map((problem) => `${name}: ${problem}`),
  );
}

/**
 * What is wrong with all items of an app, against the invariants that hold between calls (docs/behaviour.md, Guarantees):
 * one sentence each, none where all is well.
 */
export function problemsOf(items: (Item & Key)[], now: number): string[] {
  const found: string[] = [];
  const demand: Demand = (holds, problem) => void (holds || found.push(problem));
  const records = recordsOf(items);
  found.push(...items.flatMap(schemaProblems));
  for (const item of items) checkTimeToLive(item, demand);
  checkNames(items, demand);
  checkGroups(records, demand);
  checkFiles(records, demand);
  checkAnnouncements(records, demand);
  checkApplications(records, now, demand);
  checkUsers(records, demand);
  checkIdentities(items, demand);
  checkContacts(records, demand);
  return found;
}

/** Names stand in the global index as they are, those of groups until the clean-up of the dissolved group. */
function checkNames(items: (Item & Key)[], demand: Demand) {
  const normal = new Set(
    items.filter((item) => schema.group.has(item) && item.status === 'normal').map(({ pk }) => pk),
  );
  for (const item of items) {
    const { pk, gsi1sk } = item;
    if (schema.username.has(item))
      demand(
        gsi1sk === `${indexedName(pk.split('#')[3] ?? '')}#${item.user}`,
        `the name ${pk} is indexed as ${gsi1sk}`,
      );
    if (schema.groupInfo.has(item) && normal.has(pk))
      demand(
        gsi1sk === `${indexedName(String(item.name))}#${pk.split('#')[2]}`,
        `${pk} is called ${item.name} and indexed as ${gsi1sk}`,
      );
  }
}

type Demand = (holds: boolean, problem: string) => void;
type Member = GroupMembership & { lsi1sk?: string; lsi2sk?: string; ttl?: number };
type StoredContact = Contact & { lsi1sk?: string; lsi3sk?: string };

/** The items of an app by what they are. */
function recordsOf(items: (Item & Key)[]) {
  const records = {
    groups: new Map<number, Group>(),
    people: new Map<number, Map<number, Member>>(),
    applications: [] as { group: number; applicant: number; application: Application }[],
    users: new Map<number, User>(),
    userMemberships: new Map<number, Map<number, UserMembership & { lsi1sk?: string }>>(),
    names: [] as { name: string; user: number }[],
    mobiles: [] as { mobile: string; user: number }[],
    publicGroups: new Set<number>(),
    dissolved: new Set<number>(),
    files: new Map<number, Map<number, SharedFile & { lsi1sk?: string; ttl?: number }>>(),
    sequences: new Map<number, Sequence>(),
    announcements: new Map<number, Map<string, Item>>(),
    contacts: new Map<number, Map<number, StoredContact>>(),
    contactExts: new Map<number, Map<number, Item>>(),
    contactCounts: new Map<number, ContactCounts>(),
  };
  for (const item of items) fileUnder(item, records);
  return records;
}

type Records = ReturnType<typeof recordsOf>;

function fileUnder(item: Item & Key, records: Records): void {
  const [kind, , id, part] = item.pk.split('#');
  const sk = item.sk;
  if (kind === 'G' && part === undefined && sk === '#') records.groups.set(Number(id), item as unknown as Group);
  if (kind === 'G' && part === 'R' && sk.startsWith(schema.groupMembership.sk.prefix))
    inner(records.people, Number(id)).set(numberIn(sk), item as unknown as GroupMembership);
  if (kind === 'G' && part === 'R' && sk.startsWith(schema.application.sk.prefix))
    records.applications.push({
      group: Number(id),
      applicant: numberIn(sk),
      application: item as unknown as Application,
    });
  // Of a deleted file only the number stays.
  if (kind === 'G' && part === 'F' && item.name !== undefined)
    inner(records.files, Number(id)).set(Number(sk), item as unknown as SharedFile);
  if (kind === 'G' && part === 'N') inner(records.announcements, Number(id)).set(sk, item);
  if (kind === 'G' && part === undefined && sk === 'S') records.sequences.set(Number(id), item as unknown as Sequence);
  if (kind === 'U' && sk === '#') records.users.set(Number(id), item as unknown as User);
  if (kind === 'U' && sk.startsWith('E#'))
    inner(records.userMemberships, Number(id)).set(numberIn(sk), item as unknown as UserMembership);
  if (kind === 'U' && sk.startsWith(schema.contact.sk.prefix))
    inner(records.contacts, Number(id)).set(numberIn(sk), item as StoredContact);
  if (kind === 'U' && sk.startsWith('X#')) inner(records.contactExts, Number(id)).set(numberIn(sk), item);
  if (kind === 'U' && sk === 'C') records.contactCounts.set(Number(id), item as ContactCounts);
  if (kind === 'A' && id === 'N') records.names.push({ name: part ?? '', user: Number(item.user) });
  if (kind === 'A' && id === 'M') records.mobiles.push({ mobile: part ?? '', user: Number(item.user) });
  if (kind === 'A' && id === 'P') records.publicGroups.add(Number(sk.split('#')[1]));
  if (kind === 'A' && id === 'X' && sk.startsWith('D#')) records.dissolved.add(numberIn(sk));
}

function checkTimeToLive(item: Item & Key, demand: Demand): void {
  demand(expires(item) === (item.ttl !== undefined), `${keyText(item)} has the time to live ${item.ttl}`);
  demand(item.ttl === undefined || Number(item.ttl) * 1000 >= neededUntil(item), `${keyText(item)} goes too early`);
}

function checkGroups(records: Records, demand: Demand): void {
  const { groups, people, publicGroups, dissolved } = records;
  for (const [id, group] of groups) {
    const memberships = [...(people.get(id) ?? [])];
    const members = memberships.filter(([, { state }]) => state === 'member');
    const owners = members.filter(([, { role }]) => role === OWNER_ROLE).map(([user]) => user);
    demand(
      publicGroups.has(id) === (group.type === 1 && group.status === 'normal'),
      `${id} and the public list differ`,
    );
    if (group.status === 'dissolved') {
      demand(group.count === 0, `${id} is dissolved and counts ${group.count}`);
      demand(owners.length === 0, `${id} is dissolved and has an owner`);
      demand(members.length === 0 || dissolved.has(id), `${id} is dissolved, has members and no mark`);
      continue;
    }
    demand(owners.length === 1 && owners[0] === group.owner, `${id} of ${group.owner} is owned by ${owners}`);
    demand(group.count === members.length, `${id} counts ${group.count} and has ${members.length} members`);
    demand(group.count <= group.capacity, `${id} has ${group.count} members in ${group.capacity} seats`);
    const admins = members.filter(([, { role }]) => role === ADMIN_ROLE).length;
    demand(group.admins === admins, `${id} counts ${group.admins} admins and has ${admins}`);
    const blocked = memberships.filter(([, { state }]) => state === 'blocked').length;
    demand(group.blocks === blocked, `${id} counts ${group.blocks} blocked and has ${blocked}`);
    for (const [user, membership] of memberships) checkGroupMembership(id, user, membership, demand);
    for (const [user, { role }] of members) checkUserMembership(id, user, role, records, demand);
  }
}

function checkGroupMembership(id: number, user: number, membership: Member, demand: Demand): void {
  const listed = String(membership.lsi1sk ?? '');
  demand(
    listed.startsWith('M#') === (membership.state === 'member'),
    `${user} is ${membership.state} of ${id} and listed as ${listed}`,
  );
  const { state, banned = 0, bannedUntil } = membership;
  const ban = state === 'member' && bannedUntil !== undefined ? banOrder(banned, bannedUntil, userId(user)) : undefined;
  demand(
    membership.lsi2sk === ban,
    `${user} is banned in ${id} until ${bannedUntil} and listed as ${membership.lsi2sk}`,
  );
}

function checkUserMembership(id: number, user: number, role: Member['role'], records: Records, demand: Demand): void {
  const { users, userMemberships } = records;
  const userMembership = userMemberships.get(user)?.get(id);
  demand(
    userMembership?.lsi1sk?.startsWith(schema.userMembership.orders.joined.prefix) === true,
    `${user} is a member of ${id} and does not know`,
  );
  demand(
    userMembership?.role === role,
    `${user} has role ${role} in ${id} and ${userMembership?.role} in the user membership`,
  );
  demand(users.has(user), `${user} is a member of ${id} and no user`);
}

function checkFiles({ files, sequences }: Records, demand: Demand): void {
  for (const [group, own] of files) {
    const { file = 0 } = sequences.get(group) ?? {};
    for (const [id, { published, lsi1sk, ttl, random, object, url }] of own) {
      demand(id <= file, `file ${id} of ${group} is beyond the last, ${file}`);
      const listed = lsi1sk?.startsWith(schema.file.orders.newest.prefix) === true;
      demand(listed === (published !== undefined), `file ${id} of ${group}: published ${published}, listed ${lsi1sk}`);
      demand((ttl === undefined) === listed, `file ${id} of ${group}: listed ${listed}, expires ${ttl}`);
      demand(
        (random === undefined) === (url !== undefined),
        `file ${id} of ${group} is no object and no link, or both`,
      );
      demand((object !== undefined) === (listed && url === undefined), `file ${id} of ${group} names ${object}`);
    }
  }
  for (const [group, { files: counted = 0, closed }] of sequences) {
    const published = [...(files.get(group)?.values() ?? [])].filter((file) => file.published !== undefined).length;
    demand(closed || counted === published, `${group} counts ${counted} files and has ${published}`);
  }
}

function checkAnnouncements({ announcements }: Records, demand: Demand): void {
  for (const [group, all] of announcements)
    for (const sk of all.keys()) {
      const [id, text] = sk.startsWith('T#') ? [sk.slice(2), sk] : [sk, `T#${sk}`];
      const long = all.get(id)?.textBytes !== undefined;
      demand(
        all.has(id) && all.has(text) === long,
        `announcement ${id} of ${group} and its text do not belong together`,
      );
    }
}

function checkApplications({ applications, groups, people }: Records, now: number, demand: Demand): void {
  for (const { group, applicant, application } of applications) {
    if (groups.get(group)?.status === 'dissolved') continue;
    const membership = people.get(group)?.get(applicant);
    const marked = membership?.applied === application.createdAt && (membership.applicationExpiresAt ?? 0) > now;
    const pending = isPending(application, now);
    demand(pending === marked, `application of ${applicant} to ${group}: pending ${pending}, marked ${marked}`);
  }
}

function checkUsers(records: Records, demand: Demand): void {
  const { users, userMemberships, people, groups, names, mobiles } = records;
  for (const [id, user] of users) {
    const all = [...(userMemberships.get(id) ?? [])].filter(([, { lsi1sk }]) =>
      lsi1sk?.startsWith(schema.userMembership.orders.joined.prefix),
    );
    for (const [group] of all) {
      const state = people.get(group)?.get(id)?.state;
      demand(state === 'member', `${id} believes to be a member of ${group} and is ${state}`);
      demand(groups.has(group), `${id} is in a group ${group} that is not`);
    }
    demand(user.joined === all.length, `${id} counts ${user.joined} groups and has ${all.length}`);
    const owned = [...groups.values()].filter(({ owner, status }) => owner === id && status === 'normal').length;
    demand(user.owned === owned, `${id} counts ${user.owned} owned groups and has ${owned}`);
    if (user.status === 'deleted') continue;
    const own = names.filter((name) => name.user === id).map(({ name }) => name);
    demand(own.length === 1 && own[0] === comparedName(user.username), `${user.username} holds the names ${own}`);
    const numbers = mobiles.filter((mobile) => mobile.user === id).map(({ mobile }) => mobile);
    demand(numbers.join() === (user.mobile ?? ''), `${user.mobile} holds the numbers ${numbers}`);
  }
  for (const { name, user } of names) demand(users.has(user), `the name ${name} belongs to nobody`);
}

function checkContacts(records: Records, demand: Demand): void {
  const { users, contacts, contactCounts } = records;
  for (const [user, own] of contacts)
    for (const [other, contact] of own) checkContact(user, other, contact, records, demand);
  for (const [user, { status }] of users) {
    // The job of a deleted user removes contacts and counts one by one, in any order.
    if (status === 'deleted') continue;
    const counts = contactCounts.get(user);
    const own = [...(contacts.get(user)?.values() ?? [])];
    const { friends = 0, blocked = 0, requests = 0 } = counts ?? {};
    const found = [
      own.filter(({ friendAt }) => friendAt !== undefined).length,
      own.filter(({ blockedAt }) => blockedAt !== undefined).length,
      own.filter((contact) => isCounted(contact, counts)).length,
    ];
    demand(
      found.join() === [friends, blocked, requests].join(),
      `${user} counts ${friends} friends, ${blocked} blocked, ${requests} requests and has ${found}`,
    );
  }
}

function checkContact(user: number, other: number, contact: StoredContact, records: Records, demand: Demand): void {
  const { requested, friends, blocked } = schema.contact.orders;
  const { friendAt, blockedAt, requestedAt, requestStatus, ext, lsi1sk, lsi3sk } = contact;
  const theirs = records.contacts.get(other)?.get(user);
  demand(friendAt === theirs?.friendAt, `${user} is a friend of ${other} since ${friendAt}, not ${theirs?.friendAt}`);
  if (requestStatus === WAITING) {
    demand(friendAt === undefined, `${user} has a request of ${other}, a friend`);
    demand(requestedAt === theirs?.sentAt, `${user} has a request of ${other}, who has sent none`);
    const hidden = blockedAt !== undefined || theirs?.blockedAt !== undefined;
    demand(!hidden, `${user} has a request of ${other}, and one has blocked the other`);
  }
  const request = requestedAt === undefined ? undefined : requested(requestedAt, userId(other));
  demand(lsi1sk === request, `${user} has a request of ${other} at ${requestedAt}, listed as ${lsi1sk}`);
  const friend = friendAt === undefined ? undefined : friends(friendAt, userId(other));
  const listed = blockedAt === undefined ? friend : blocked(blockedAt, userId(other));
  demand(lsi3sk === listed, `${user} lists ${other} as ${lsi3sk}, not ${listed}`);
  const described = records.contactExts.get(user)?.has(other) === true;
  demand(described === (ext === true), `${user} has the ext of ${other}: ${described}, marked ${ext}`);
  demand(ext === undefined || friendAt !== undefined, `${user} has the ext of ${other}, no friend`);
  demand(records.users.has(other), `${user} has a contact ${other} who is no user`);
}

/**
 * Whether the database is to remove the item some day, which it does of those that carry a `ttl`: nothing that only
 * waits may stay for ever, nothing that is so may go.
 */
function expires({ pk, sk, ...item }: Item & Key): boolean {
  const [kind, , , part] = pk.split('#');
  switch (kind) {
    case 'G':
      if (part === 'R' && sk.startsWith(schema.groupMembership.sk.prefix))
        return item.state === undefined && item.bannedUntil !== FOR_EVER;
      if (part === 'R') return true;
      // Marks of groups that are gone, and files that are only reserved, are looked at elsewhere.
      return item.ttl !== undefined;
    case 'U':
      if (sk.startsWith(schema.contact.sk.prefix))
        return (item.friendAt ?? item.deletedAt ?? item.blockedAt) === undefined;
      if (sk.startsWith(schema.device.sk.prefix)) return item.sn === undefined;
      return sk.startsWith(schema.invitation.sk.prefix) || (sk.startsWith('E#') && item.lsi1sk === undefined);
    case 'L':
    case 'I':
      return true;
    default:
      return item.ttl !== undefined;
  }
}

/** When something still asks for the item (ms): invitations, applications and QR codes live for 30 days at most. */
function neededUntil({ pk, sk, ...item }: Item & Key): number {
  const time = (name: string, more = 0) => (item[name] === undefined ? 0 : Number(item[name]) + more);
  // Of two calls at once, the one that began first may have written last.
  const longest = (KEPT_IN_LISTS - 60) * 1000;
  if (pk.startsWith('G#') && sk.startsWith(schema.groupMembership.sk.prefix))
    return Math.max(time('bannedUntil'), time('applicationExpiresAt'), time('invited', longest));
  if (pk.startsWith('U#') && sk.startsWith('E#'))
    return Math.max(...['settled', 'blocked', 'kicked', 'applied'].map((name) => time(name, longest)));
  if (pk.startsWith('U#') && sk.startsWith(schema.contact.sk.prefix))
    return Math.max(time('requestedAt', longest), time('sentAt', longest));
  if (sk.startsWith(schema.application.sk.prefix) || sk.startsWith(schema.invitation.sk.prefix))
    return time('createdAt', longest);
  return 0;
}

/** Whether the item only tells, by its stamp, that what it was has ended. */
export const isTombstone = ({ pk: _, sk: __, stamp, ttl, ...state }: Item): boolean =>
  stamp !== undefined && ttl !== undefined && Object.keys(state).length === 0;

/** Every item of the app, in any order. */
export async function itemsOf(table: OperatorTable, app: string): Promise<(Item & Key)[]> {
  const items = await scan(table, {
    FilterExpression: 'contains(pk, :app)',
    ExpressionAttributeValues: { ':app': `#${app}` },
  });
  return items.filter(({ pk }) => pk.split('#')[1] === app);
}

async function scan({ client, name }: OperatorTable, filter: Partial<ScanCommandInput> = {}) {
  const items: (Item & Key)[] = [];
  let from: Item | undefined;
  do {
    const page = await client.send(
      new ScanCommand({ TableName: name, ConsistentRead: true, ...filter, ...(from && { ExclusiveStartKey: from }) }),
    );
    items.push(...((page.Items ?? []) as typeof items));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

const numberIn = (sk: string) => Number(sk.split('#')[1]);

function inner<K, V>(outer: Map<number, Map<K, V>>, id: number): Map<K, V> {
  const found = outer.get(id) ?? new Map<K, V>();
  outer.set(id, found);
  return found;
}

/** Both sides of each identity are there, and its user counts it. */
function checkIdentities(items: (Item & Key)[], demand: Demand) {
  const bound = new Map(
    items.flatMap((item) => (schema.identity.has(item) ? [[item.pk.split('#')[3], item.user]] : [])),
  );
  const counted = new Map<unknown, number>();
  for (const { pk, sk } of items.filter(schema.userIdentity.has)) {
    const [hash, user] = [sk.split('#')[1], Number(pk.split('#')[2])];
    counted.set(user, (counted.get(user) ?? 0) + 1);
    demand(bound.get(hash) === user, `identity ${hash} of user ${user} is bound to ${bound.get(hash)}`);
    bound.delete(hash);
  }
  for (const [hash, user] of bound) demand(false, `identity ${hash} is bound to user ${user}, who does not have it`);
  for (const item of items.filter(schema.user.has)) {
    const { user, status, identities = 0 } = item as unknown as User;
    if (status !== 'deleted')
      demand(
        identities === (counted.get(user) ?? 0),
        `user ${user} counts ${identities} identities, not ${counted.get(user)}`,
      );
  }
}
