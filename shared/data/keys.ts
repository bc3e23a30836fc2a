/**
 * Every partition key, sort key and index key of the one table, and nothing else. See docs/data-model.md for the
 * access patterns behind each shape.
 *
 * | entity            | pk                      | sk              | lsi1sk              | lsi2sk         | lsi3sk         | gsi1pk / gsi1sk  |
 * | ----------------- | ----------------------- | --------------- | ------------------- | -------------- | -------------- | ---------------- |
 * | app               | A#app                   | #               |                     |                |                | APPS / app       |
 * | admin token       | A#app#T#hash            | #               |                     |                |                | TOKENS#app / made|
 * | counter shard     | A#app#C#k               | #               |                     |                |                |                  |
 * | directory entry   | A#app#D                 | made#user       |                     |                |                |                  |
 * | public group      | A#app#P                 | made#group      |                     |                |                |                  |
 * | dissolved group   | A#app#X                 | D#group or      |                     |                |                |                  |
 * |                   |                         | C#cleaned#group |                     |                |                |                  |
 * | username          | A#app#N#compared        | #               |                     |                |                |                  |
 * | mobile            | A#app#M#number          | #               |                     |                |                |                  |
 * | push device token | A#app#K#hash            | #               |                     |                |                |                  |
 * | lock-out          | L#app#account           | #               |                     |                |                |                  |
 * | idempotency       | I#app#hash              | part            |                     |                |                |                  |
 * | user              | U#app#user              | #               |                     |                |                |                  |
 * | profile           | U#app#user              | P               |                     |                |                |                  |
 * | settings          | U#app#user              | S               |                     |                |                |                  |
 * | tags              | U#app#user              | T               |                     |                |                |                  |
 * | device            | U#app#user              | D#sn            |                     |                |                |                  |
 * | user membership              | U#app#user              | E#group         | J#joined#i#group    | K#void#group   | A#since#group  |                  |
 * | invitation        | U#app#invitee           | I#group#inviter | I#made#group#inviter| I#made#…       |                |                  |
 * | group             | G#app#group             | #               |                     |                |                |                  |
 * | group info        | G#app#group             | I               |                     |                |                |                  |
 * | group text        | G#app#group             | X               |                     |                |                |                  |
 * | sequence          | G#app#group             | S               |                     |                |                |                  |
 * | group membership          | G#app#group#R           | R#user          | M#joined#i#user or  | X#slot#made#…  | A#since#user   |                  |
 * |                   |                         |                 | B#blocked#user      |                |                |                  |
 * | application       | G#app#group#R           | A#applicant     | A#made#applicant    | A#made#…       |                |                  |
 * | announcement      | G#app#group#N           | id              |                     |                |                |                  |
 * | announcement text | G#app#group#N           | T#id            |                     |                |                |                  |
 * | file              | G#app#group#F           | id              | F#published#id      |                |                | FILES#app        |
 * | registration      | O#random                | #               |                     |                |                |                  |
 * | job               | J#id                    | #               |                     |                |                | JOBS#k / id      |
 * | queued write      | Q#app#group             | T#time#id       |                     |                |                |                  |
 * | lease of a queue  | Q#app#group             | L               |                     |                |                |                  |
 *
 * Ids are decimal, padded only where their order matters; times are milliseconds since 1970, padded to 13 digits.
 * Nothing a caller sends reaches a key but numbers, hashes and names of a checked alphabet, so no key can be forged.
 * All keys but those of usernames are ASCII, all sort keys and index keys among them: code units order them as bytes do.
 */

export interface Key {
  pk: string;
  sk: string;
}

/** Milliseconds as a sortable part of a key; `FOR_EVER` is the largest. */
export const time = (ms: number) => String(ms).padStart(13, '0');
/** A time after every other, for bans that do not end. */
export const FOR_EVER = 9_999_999_999_999;
/** An id as a sortable part of a key (announcements and files ascend within their group). */
const ordered = (id: number) => String(id).padStart(16, '0');
/** The place of an entry within one call, which orders entries of the same millisecond. */
const place = (index: number) => String(index).padStart(4, '0');

const alone = (pk: string): Key => ({ pk, sk: '#' });

// ——— app ———
export const appKey = (app: string) => alone(`A#${app}`);
export const appIndex = (app: string) => ({ gsi1pk: 'APPS', gsi1sk: app });
export const adminTokenKey = (app: string, hash: string) => alone(`A#${app}#T#${hash}`);
export const adminTokenIndex = (app: string, createdAt: number) => ({
  gsi1pk: `TOKENS#${app}`,
  gsi1sk: time(createdAt),
});
export const counterKey = (app: string, shard: number) => alone(`A#${app}#C#${shard}`);
export const directoryPartition = (app: string) => `A#${app}#D`;
export const directoryKey = (app: string, createdAt: number, user: number): Key => ({
  pk: directoryPartition(app),
  sk: `${time(createdAt)}#${user}`,
});
export const publicGroupPartition = (app: string) => `A#${app}#P`;
export const publicGroupKey = (app: string, createdAt: number, group: number): Key => ({
  pk: publicGroupPartition(app),
  sk: `${time(createdAt)}#${group}`,
});
export const dissolvedPartition = (app: string) => `A#${app}#X`;
/** While the clean-up behind a dissolved group runs. */
export const DISSOLVED = 'D#';
export const dissolvedKey = (app: string, group: number): Key => ({
  pk: dissolvedPartition(app),
  sk: `${DISSOLVED}${group}`,
});
/** Once it has ended, by the time of its end: sorts before all that still run. */
export const CLEANED = 'C#';
export const cleanedKey = (app: string, at: number, group: number): Key => ({
  pk: dissolvedPartition(app),
  sk: `${CLEANED}${time(at)}#${group}`,
});

// ——— names, locks, repeated calls ———
/** What usernames are made of: each of these characters is one in NFKC too, and of this alphabet. */
export const USERNAME = /^[A-Za-z0-9_\p{Script=Han}]{1,64}$/u;
/** Usernames as they are compared: in NFKC (a radical is its character) and without regard to case. */
export const comparedName = (username: string) => username.normalize('NFKC').toLowerCase();
/** Where a username lies. What can be no username, of whatever length, has the key of the empty one, which nobody has. */
export const usernameKey = (app: string, username: string) => {
  const name = comparedName(username);
  return alone(`A#${app}#N#${USERNAME.test(name) ? name : ''}`);
};
export const mobileKey = (app: string, mobile: string) => alone(`A#${app}#M#${mobile}`);
export const pushTokenKey = (app: string, hash: string) => alone(`A#${app}#K#${hash}`);
/** `account` is a user id, or the hash of a login name that nobody has. */
export const lockKey = (app: string, account: string) => alone(`L#${app}#${account}`);
export const idempotencyKey = (app: string, hash: string, part = 0): Key => ({
  pk: `I#${app}#${hash}`,
  sk: String(part),
});

// ——— user ———
export const userPartition = (app: string, user: number) => `U#${app}#${user}`;
export const userKey = (app: string, user: number) => alone(userPartition(app, user));
export const profileKey = (app: string, user: number): Key => ({ pk: userPartition(app, user), sk: 'P' });
export const settingsKey = (app: string, user: number): Key => ({ pk: userPartition(app, user), sk: 'S' });
export const tagsKey = (app: string, user: number): Key => ({ pk: userPartition(app, user), sk: 'T' });
export const DEVICE = 'D#';
export const deviceKey = (app: string, user: number, sn: number): Key => ({
  pk: userPartition(app, user),
  sk: `${DEVICE}${sn}`,
});
export const userMembershipKey = (app: string, user: number, group: number): Key => ({
  pk: userPartition(app, user),
  sk: `E#${group}`,
});
export const JOINED_GROUP = 'J#';
export const joinedGroupOrder = (joined: number, index: number, group: number) =>
  `${JOINED_GROUP}${time(joined)}#${place(index)}#${group}`;
export const VOID = 'K#';
export const voidOrder = (at: number, group: number) => `${VOID}${time(at)}#${group}`;
export const ADMINISTERED_GROUP = 'A#';
export const administeredGroupOrder = (adminSince: number, group: number) =>
  `${ADMINISTERED_GROUP}${time(adminSince)}#${group}`;
export const invitationKey = (app: string, invitee: number, group: number, inviter: number): Key => ({
  pk: userPartition(app, invitee),
  sk: `I#${group}#${inviter}`,
});
export const invitationsToGroup = (group: number) => `I#${group}#`;
export const INVITATION = 'I#';
export const invitationOrder = (createdAt: number, group: number, inviter: number) =>
  `${INVITATION}${time(createdAt)}#${group}#${inviter}`;

// ——— group ———
const groupPartition = (app: string, group: number) => `G#${app}#${group}`;
export const groupKey = (app: string, group: number) => alone(groupPartition(app, group));
export const groupInfoKey = (app: string, group: number): Key => ({ pk: groupPartition(app, group), sk: 'I' });
export const groupTextKey = (app: string, group: number): Key => ({ pk: groupPartition(app, group), sk: 'X' });
export const sequenceKey = (app: string, group: number): Key => ({ pk: groupPartition(app, group), sk: 'S' });
/** Apart from the group's own partition, so that hot reads of either do not share one partition's limit. */
export const groupMembershipPartition = (app: string, group: number) => `${groupPartition(app, group)}#R`;
export const GROUP_MEMBERSHIP = 'R#';
export const groupMembershipKey = (app: string, group: number, user: number): Key => ({
  pk: groupMembershipPartition(app, group),
  sk: `${GROUP_MEMBERSHIP}${user}`,
});
export const MEMBER = 'M#';
export const memberOrder = (joined: number, index: number, user: number) =>
  `${MEMBER}${time(joined)}#${place(index)}#${user}`;
export const BLOCKED = 'B#';
export const blockOrder = (blocked: number, user: number) => `${BLOCKED}${time(blocked)}#${user}`;
export const BANNED = 'X#';
const MINUTE = 60_000;
/** Widths of slots (ms): 1, 2, 4, … minutes, as far as times go. */
const SLOTS = Array.from({ length: 28 }, (_, power) => MINUTE * 2 ** power);
/**
 * The end of the slot that a ban stands in (ms): the ban's own, rounded up to a multiple of the largest width that is
 * not longer than the ban. So bans that run stand in slots that have not ended, and only few others stand there: a ban
 * that has ended stays for as long as it has run, at most. Within its slot a ban stands by the time when it was made.
 */
export function banSlot(banned: number, bannedUntil: number): number {
  const width = SLOTS.findLast((width) => width <= bannedUntil - banned) ?? MINUTE;
  return Math.min(FOR_EVER, Math.ceil(bannedUntil / width) * width);
}
/** The slots of all bans that may run at this moment, some 60. The fourth of each width: clocks differ a little. */
export const banSlots = (now: number): number[] => [
  ...new Set(
    SLOTS.flatMap((width) => [1, 2, 3, 4].map((nth) => Math.min(FOR_EVER, (Math.floor(now / width) + nth) * width))),
  ),
];
export const bansInSlot = (slot: number) => `${BANNED}${time(slot)}#`;
export const banOrder = (banned: number, bannedUntil: number, user: number) =>
  `${bansInSlot(banSlot(banned, bannedUntil))}${time(banned)}#${user}`;
export const ADMIN = 'A#';
export const adminOrder = (adminSince: number, user: number) => `${ADMIN}${time(adminSince)}#${user}`;
export const APPLICATION = 'A#';
export const applicationKey = (app: string, group: number, applicant: number): Key => ({
  pk: groupMembershipPartition(app, group),
  sk: `${APPLICATION}${applicant}`,
});
export const applicationOrder = (createdAt: number, applicant: number) =>
  `${APPLICATION}${time(createdAt)}#${applicant}`;
export const announcementPartition = (app: string, group: number) => `${groupPartition(app, group)}#N`;
export const announcementKey = (app: string, group: number, id: number): Key => ({
  pk: announcementPartition(app, group),
  sk: ordered(id),
});
/** The text of a long announcement. */
export const announcementTextKey = (app: string, group: number, id: number): Key => ({
  pk: announcementPartition(app, group),
  sk: `T#${ordered(id)}`,
});
export const filePartition = (app: string, group: number) => `${groupPartition(app, group)}#F`;
export const fileKey = (app: string, group: number, id: number): Key => ({
  pk: filePartition(app, group),
  sk: ordered(id),
});
export const FILE = 'F#';
export const fileOrder = (published: number, id: number) => `${FILE}${time(published)}#${ordered(id)}`;
/** Partition of the global index that holds the files of an app, reserved ones too. */
export const filesIndexed = (app: string) => `FILES#${app}`;
export const fileIndex = (app: string, group: number, id: number) => ({
  gsi1pk: filesIndexed(app),
  gsi1sk: `${group}#${id}`,
});
/** The group in whose partition a file, or anything else of a group, lies. */
export const groupIn = (pk: string) => Number(pk.split('#')[2]);
/** `random` is what the address of a form's upload carries. */
export const registrationKey = (random: string) => alone(`O#${random}`);

// ——— background ———
/** The table's stream hands every item of this prefix to the background function. */
export const JOB = 'J#';
export const jobKey = (id: string) => alone(`${JOB}${id}`);
/**
 * Partitions of the global index that hold all jobs, by the first digit of their random ids. One partition in the order
 * of time would be written at its end by the jobs of all apps: it takes 1,000 writes a second, and throttles the table
 * beyond.
 */
export const JOBS = [...'0123456789abcdef'].map((digit) => `JOBS#${digit}`);
export const jobIndex = (id: string) => ({ gsi1pk: `JOBS#${id[0]}`, gsi1sk: id });

// ——— queue of writes that count on one item ———
const queuePartition = ({ pk }: Key) => `Q${pk.slice(pk.indexOf('#'))}`;
export const queuedKey = (counted: Key, at: number, id: string): Key => ({
  pk: queuePartition(counted),
  sk: `T#${time(at)}#${id}`,
});
export const queuedSince = (counted: Key, since: number) => ({
  partition: queuePartition(counted),
  between: [`T#${time(since)}`, 'T#~'] as const,
});
export const leaseKey = (counted: Key): Key => ({ pk: queuePartition(counted), sk: 'L' });
