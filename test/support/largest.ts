import { putImported } from '../../shared/data/announcement-repo.ts';
import { NEW_GROUP } from '../../shared/data/group-repo.ts';
import { banOrder, FOR_EVER, indexedName, type Key } from '../../shared/data/keys.ts';
import { ADMIN_ROLE } from '../../shared/data/membership-repo.ts';
import type { Item } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import { itemAfter, update } from '../../shared/data/step.ts';
import { LONGEST } from '../../shared/http/parameters.ts';
import type { AppId, GroupId, UserId } from '../../shared/ids.ts';
import { putAll } from './database.ts';
import { tellFiles } from './events.ts';
import { userId } from './ids.ts';
import type { Scene } from './recipes.ts';
import { PASSWORD } from './secrets.ts';
import type { Given, Person } from './story.ts';

/** A text whose characters take four bytes each in the table. */
export const wide = (characters: number) => '😀'.repeat(characters);
/** A text whose characters take seven bytes each in an answer: control characters are escaped twice. */
export const escaped = (characters: number) => '\u0001'.repeat(characters);

/** The largest item of each entity. @param text makes a text of that many characters */
export const largest = (app: AppId, text: (characters: number) => string, now: number) => ({
  groupInfo: (group: GroupId) => ({
    ...schema.groupInfo.key(app, group),
    name: text(LONGEST.name),
    avatar: text(LONGEST.url),
    updatedAt: now,
    ...schema.groupInfo.gsi1(app, indexedName(text(LONGEST.name)), group),
  }),
  groupText: (group: GroupId) => ({
    ...schema.groupText.key(app, group),
    description: text(LONGEST.description),
    ext: 'x'.repeat(LONGEST.infoBytes),
    updatedAt: now,
  }),
  member: (group: GroupId, user: UserId, n = 0) => ({
    ...schema.groupMembership.key(app, group, user),
    state: 'member',
    role: ADMIN_ROLE,
    joined: now + n,
    adminSince: now + n,
    name: text(LONGEST.name),
    mute: 2,
    push: 4,
    banned: now + n,
    bannedUntil: FOR_EVER,
    invited: now,
    applied: now,
    applicationExpiresAt: now,
    lsi1sk: schema.groupMembership.orders.joined(now + n, 9999, user),
    lsi2sk: banOrder(now + n, FOR_EVER, user),
    lsi3sk: schema.groupMembership.orders.admin(now + n, user),
  }),
  blocked: (group: GroupId, user: UserId) => ({
    ...schema.groupMembership.key(app, group, user),
    state: 'blocked',
    blocked: now,
    banned: now,
    bannedUntil: FOR_EVER,
    lsi1sk: schema.groupMembership.orders.blocked(now, user),
  }),
  application: (group: GroupId, user: UserId) => {
    const order = schema.application.orders.newest(now, user);
    const rest = { status: 0, createdAt: now, expiresAt: now + 60_000, ttl: now };
    return {
      ...schema.application.key(app, group, user),
      ...rest,
      reason: text(LONGEST.reason),
      lsi1sk: order,
      lsi2sk: order,
    };
  },
  /** As one item or two. */
  announcement: (group: GroupId, id: number, content = text(LONGEST.content)) =>
    putImported(app, group, { id, title: text(LONGEST.title), content, author: userId(id), createdAt: now }).map(
      (step) => itemAfter(step, undefined) as Item & Key,
    ),
  file: (group: GroupId, id: number) => ({
    ...schema.file.key(app, group, id),
    id,
    name: text(LONGEST.fileName),
    size: 2 ** 31,
    type: '"'.repeat(LONGEST.fileName),
    uploader: userId(id),
    createdAt: now,
    updatedAt: now,
    published: now,
    url: text(LONGEST.url),
    lsi1sk: schema.file.orders.newest(now, id),
    ...schema.file.gsi1(app, group, id),
  }),
  device: (user: UserId, sn: number) => ({
    ...schema.device.key(app, user, sn),
    sn,
    guid: text(256),
    token: 'x'.repeat(43),
    expiresAt: now,
    epoch: 1,
    seen: now,
    createdAt: now,
    login: now,
    fails: Array.from({ length: 10 }, () => now),
    agent: 'é'.repeat(512),
    platform: 6,
    push_token: text(LONGEST.reason),
    device_token: text(LONGEST.url),
    notifier: text(LONGEST.name),
  }),
  profile: (user: UserId) => ({
    ...schema.profile.key(app, user),
    nick_name: text(LONGEST.name),
    avatar: text(LONGEST.url),
    description: text(LONGEST.description),
    email: text(LONGEST.name),
    private_info: 'x'.repeat(LONGEST.infoBytes),
    public_info: 'x'.repeat(LONGEST.infoBytes),
  }),
  settings: (user: UserId) => ({
    ...schema.settings.key(app, user),
    auth_answer: text(LONGEST.description),
    auth_question: text(LONGEST.description),
    push_nick_name: text(LONGEST.name),
    push_token: text(LONGEST.reason),
    alias: text(LONGEST.name),
    badge: 2 ** 31,
    no_push: true,
    silence_end_time: 23,
  }),
  tags: (user: UserId, count: number) => ({
    ...schema.tags.key(app, user),
    tags: Array.from({ length: count }, () => text(LONGEST.tag)),
  }),
  userMembership: (user: UserId, group: GroupId) => ({
    ...schema.userMembership.key(app, user, group),
    role: ADMIN_ROLE,
    joined: now,
    adminSince: now,
    settled: now,
    blocked: now,
    kicked: now,
    applied: now,
    lsi1sk: schema.userMembership.orders.joined(now, 9999, group),
    lsi2sk: schema.userMembership.orders.void(now, group),
    lsi3sk: schema.userMembership.orders.administered(now, group),
    ttl: now,
  }),
  endpoint: () => ({
    ...schema.webhookEndpoint.key(app, 9),
    id: '9'.repeat(16),
    url: 'x'.repeat(1024),
    types: Array.from({ length: 30 }, () => 'group.announcement.published'),
    group: Number.MAX_SAFE_INTEGER,
    description: text(128),
    enabled: false,
    disabledBecause: 'failing',
    secrets: Array.from({ length: 5 }, () => ({ secret: 'x'.repeat(50), expiresAt: now })),
    createdAt: now,
    updatedAt: now,
    failingSince: now,
    failedAt: now,
  }),
  issuer: () => ({
    ...schema.issuer.key(app, 'x'.repeat(43)),
    issuer: 'x'.repeat(256),
    audiences: Array.from({ length: 5 }, () => 'x'.repeat(256)),
    claim: 'x'.repeat(64),
    create: true,
    jwks: 'x'.repeat(512),
    // The most bytes of keys, with the fewest names of members.
    keys: [{ kty: 'RSA', kid: 'x'.repeat(4_700) }],
    setAt: now,
    fetchedAt: now,
    error: text(200),
    failingSince: now,
    reportedAt: now,
  }),
  userIdentity: (user: UserId) => ({
    ...schema.userIdentity.key(app, user, 'x'.repeat(43)),
    issuer: 'x'.repeat(256),
    subject: text(255),
    createdAt: now,
  }),
  attempt: () => ({
    ...schema.webhookAttempt.key(app, '9'.repeat(16), 99_999, now, 'x'.repeat(22)),
    event: 'x'.repeat(22),
    sequence: '9'.repeat(16),
    type: 'group.announcement.published',
    attempt: 13,
    at: now,
    ms: 15_000,
    delivered: false,
    status: 500,
    // A byte that is no character takes three.
    answer: '\uFFFD'.repeat(256),
    next: now,
    ttl: now,
  }),
  failedDelivery: () => ({
    ...schema.delivery.key(app, '9'.repeat(16), Number.MAX_SAFE_INTEGER),
    attempts: 13,
    // The event of a new name and avatar, in which a control character takes six bytes.
    failed: 'x'.repeat(600 + 6 * (LONGEST.name + LONGEST.url)),
    ttl: now,
  }),
  invitation: (user: UserId, group: GroupId, inviter: UserId) => {
    const order = schema.invitation.orders.newest(now, group, inviter);
    const rest = { status: 0, createdAt: now, expiresAt: now + 60_000, updatedAt: now, ttl: now };
    return {
      ...schema.invitation.key(app, user, group, inviter),
      ...rest,
      reason: text(LONGEST.reason),
      lsi1sk: order,
      lsi2sk: order,
    };
  },
  contact: (user: UserId, other: UserId) => ({
    ...schema.contact.key(app, user, other),
    friendAt: now,
    alias: text(LONGEST.name),
    mute: true,
    ext: true,
    requestedAt: now,
    requestExpiresAt: now,
    requestReason: text(LONGEST.reason),
    requestStatus: 0,
    lsi1sk: schema.contact.orders.requested(now, other),
    lsi3sk: schema.contact.orders.friends(now, other),
  }),
  blockedContact: (user: UserId, other: UserId) => ({
    ...schema.contact.key(app, user, other),
    blockedAt: now,
    lsi3sk: schema.contact.orders.blocked(now, other),
  }),
  contactExt: (user: UserId, other: UserId) => ({
    ...schema.contactExt.key(app, user, other),
    ext: 'x'.repeat(LONGEST.infoBytes),
  }),
  directoryEntry: (user: UserId) => schema.directoryEntry.key(app, now, user),
  /** Whose users have all registered in one millisecond. */
  directoryCounts: (part: number) => ({
    ...schema.directoryCounts.key(app, part),
    generation: 1000,
    blocks: range(40, part * 40).map((n) => [`${now}#${String(n).padStart(16, '0')}`, 800]),
  }),
  publicGroup: (group: GroupId) => schema.publicGroup.key(app, now, group),
});

/** First ids of members, groups and other users in the largest scene. */
const MEMBERS = 5_000_000;
const GROUPS = 6_000_000;
const STRANGERS = 7_000_000;
const FRIENDS = 8_000_000;
const range = <T extends number>(count: number, from: number) =>
  Array.from({ length: count }, (_, n) => (from + n) as T);

/** How many of each there are, and their texts. */
const FILLED = {
  members: 300,
  blocked: 600,
  applications: 100,
  files: 60,
  groups: 600,
  invitations: 60,
  users: 2000,
  friends: 40,
  text: wide,
};

/**
 * Fills the scene of the recipes: a group with long lists and texts, and people with long lists and texts of their own.
 */
export async function fillUp(scene: Scene, filled: Partial<typeof FILLED> = {}): Promise<void> {
  const { given, alice, bob, carol, dave, erin, frank, grace, group } = scene;
  const { members, blocked, applications, files, groups, invitations, users, friends, text } = { ...FILLED, ...filled };
  const now = Date.now();
  const { app } = given;
  const made = largest(app, text, now);
  const others = range<GroupId>(groups, GROUPS);
  const items: Key[] = [
    ...[group, ...others].map(made.groupInfo),
    ...[group, ...others.slice(0, 20)].map(made.groupText),
    ...others.map((id) =>
      withAttributes(schema.group.key(app, id), {
        ...NEW_GROUP,
        group: id,
        owner: 1,
        capacity: 9,
        type: 0,
        createdAt: now,
        updatedAt: now,
        ...schema.group.gsi1(app, now, id),
      }),
    ),
    ...range<UserId>(members, MEMBERS).map((user, n) => made.member(group, user, n)),
    ...range<UserId>(blocked, STRANGERS).map((user) => made.blocked(group, user)),
    ...range<UserId>(applications, STRANGERS + 1000).map((user) => made.application(group, user)),
    ...range(98, 3).flatMap((id) => made.announcement(group, id)),
    withAttributes(schema.sequence.key(app, group), { announcement: 100, announcements: 100, file: 2000, files }),
    ...range(files, 100).map((id) => made.file(group, id)),
    ...range<UserId>(users, STRANGERS).map(made.directoryEntry),
    ...range(30, 0).map(made.directoryCounts),
    withAttributes(schema.directoryGeneration.key(app), { generation: 1000 }),
    ...range<GroupId>(users, GROUPS).map(made.publicGroup),
    ...range<GroupId>(300, GROUPS + 1000).map((id) => schema.dissolvedGroup.key(app, id)),
    ...range<UserId>(friends, FRIENDS).flatMap((id) => [
      withAttributes(schema.user.key(app, id), { ...NEW_USER, user: id, username: `friend_${id}`, createdAt: now }),
      made.profile(id),
      made.settings(id),
    ]),
    ...[alice, carol, erin].flatMap(({ id }) => [
      ...range<UserId>(friends, FRIENDS).flatMap((other) => [made.contact(id, other), made.contactExt(id, other)]),
      ...range<UserId>(blocked, STRANGERS).map((other) => made.blockedContact(id, other)),
      withAttributes(schema.contactCounts.key(app, id), { friends, blocked, requests: friends }),
    ]),
    ...[alice, bob, carol, dave, frank, grace].flatMap(({ id }) => [
      made.profile(id),
      made.settings(id),
      made.tags(id, 200),
      ...range(19, 1).map((sn) => ({ ...made.device(id, sn), expiresAt: 0 })),
      ...others.map((other) => made.userMembership(id, other)),
      ...others.slice(0, invitations / 2).map((other) => made.invitation(id, other, id)),
      ...range<UserId>(invitations / 2, GROUPS).map((inviter) => made.invitation(id, group, inviter)),
    ]),
  ];
  await putAll(given.world.table, items);
  await tellFiles(given, group, 1100);
  for (const person of [alice, bob, carol, dave, frank, grace]) await fillDevice(given, person);
}

/** Fills a person's session with the longest texts. */
export async function fillDevice({ app, db }: Given, { id, device }: Person): Promise<void> {
  const { guid, agent, push_token, device_token, notifier, fails } = largest(app, wide, Date.now()).device(id, device);
  await db.write([
    update(schema.device.key(app, id, device), { set: { guid, agent, push_token, device_token, notifier, fails } }),
  ]);
}

const NEW_USER = { status: 'active', epoch: 0, confirm: false, joined: 0, owned: 0 };

/** A function, since the type of keys refuses other attributes in a literal. */
const withAttributes = (key: Key, attributes: object): Key => ({ ...key, ...attributes });

const people = { user_list: range(100, MEMBERS) };
const entries = range(100, MEMBERS).map((user_id) => ({ user_id }));
const page = { limit: 1000 };

/** The largest parameters of a call, which replace those of its recipe, by the id of the row. */
export const LARGEST: Record<string, Record<string, unknown>> = {
  'user/register/batch': { list: range(100, 1).map((n) => ({ username: `newcomer_${n}`, password: PASSWORD })) },
  'user/avatar/batch': { list: entries.map((entry) => ({ ...entry, avatar: 'a' })) },
  'user/profile/batch': { list: entries.map((entry) => ({ ...entry, nick_name: 'n' })) },
  'user/disable': { list: range(100, MEMBERS) },
  'user/enable': { list: range(100, MEMBERS) },
  'user/list': { page_num: 200_000, page_size: 500 },
  'user/push/tag/bind': { tags: range(100, 1).map(String) },
  'user/push/tag/unbind': { tags: range(100, 1).map(String) },
  'group/create': people,
  'group/info/batch': { group_list: range(1000, GROUPS) },
  'group/public-list': page,
  'group/invite': people,
  'group/application-list': { group_list: range(1000, GROUPS), ...page },
  'group/member-list': page,
  'event/list': page,
  'group/changes': page,
  'access/check': {
    items: range(100, GROUPS).map((group_id, n) => ({ action: 'publish', user_id: MEMBERS + n, group_id })),
  },
  'access/v1/evaluations': {
    evaluations: range(100, GROUPS).map((id, n) => ({
      subject: { type: 'user', id: String(MEMBERS + n) },
      resource: { type: 'group', id: String(id) },
    })),
  },
  'admin/group/list': page,
  'admin/group/members/search': page,
  'admin/group/members/set': { user_ids: range(500, MEMBERS), limit: 500 },
  'admin/group/search': page,
  'admin/overview': { hours: 168 },
  'admin/user/groups': page,
  'admin/user/search': page,
  'group/kick': people,
  'group/admin/add': people,
  'group/admin/remove': people,
  'group/ban': people,
  'group/unban': people,
  'group/banned-list': page,
  'group/block': people,
  'group/unblock': { user_list: range(100, STRANGERS) },
  'group/blocked-list': page,
  'group/invitation-list': page,
  'group/members/display-name': { user_list: range(1000, MEMBERS) },
  'group/file/delete': { file_list: range(100, 100) },
  'group/file/list': page,
  'roster/apply/batch': {
    rosterApplications: range(100, FRIENDS).map((user_id) => ({ user_id, reason: 'x'.repeat(LONGEST.reason) })),
  },
  'roster/apply/list': page,
  'roster/list/details': { list: range(1000, FRIENDS) },
  'roster/list/ids': page,
};
