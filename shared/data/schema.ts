import * as z from 'zod/mini';
import type { AppId, GroupId, UserId } from '../ids.ts';
import { USER_ALLOWANCES } from '../limits.ts';
import { SCOPES, type Scope } from '../scopes.ts';
import { type Entity, entity } from './entity.ts';
import type { LocalIndexName } from './table.ts';

/**
 * THE SCHEMA: every kind of item of the one table, with its keys, indexes, largest size, time to live and attributes.
 * Keys and reading, CDK's indexes, the chart in docs/data-model.md, `ops migrate` and the checks of tests are made from
 * it.
 *
 * Ids are decimal, padded only where their order matters; times are milliseconds since 1970. Nothing that a caller
 * sends reaches a key but numbers, hashes and names of a checked alphabet, so no key can be forged. All keys but those
 * of usernames are ASCII, all sort keys and index keys among them: code units order them as bytes do.
 *
 * Each kind has a shape, which functions load, and attributes, which only tools and tests load: so the attributes are
 * functions, and esbuild drops them.
 */

/** The attributes of a kind, as a type. */
export type ItemOf<Fields extends () => z.ZodMiniType> = z.output<ReturnType<Fields>>;
/** The same with the sort key, which names what the item is about. */
export type Keyed<Item> = Item & { sk: string };

/** Milliseconds since 1970. */
const ms = () => z.int();
/** A count, or an amount. */
const number = () => z.int();
const id = <Id extends GroupId>() => z.int() as z.ZodMiniInt & { _zod: { output: Id } };
/** Attributes that name a user. So tools find every trace of a person: see trace-repo.ts. */
export const PERSONS = /* @__PURE__ */ z.registry();
const person = () => z.int().register(PERSONS, {}) as z.ZodMiniInt & { _zod: { output: UserId } };
const appId = () => z.string() as z.ZodMiniString & { _zod: { output: AppId } };
const scope = () => z.enum(Object.keys(SCOPES) as Scope[]);
const text = () => z.string();
const flag = () => z.boolean();
const opt = z.optional;
const none = () => z.strictObject({});

/** The most bytes of an entry of an index that holds only a part of its item. */
export const INDEX_BYTES = {
  /** A friend or a blocked user, in the index of their lists. */
  listedContact: 150,
  /** An application or an invitation, in the index for counting. */
  counted: 220,
} as const;

// ——— app ———
export const app = /* @__PURE__ */ entity({ pk: 'A#{app}', sk: '#', gsi1: ['APPS', '{app}'], stamped: true });
export const appFields = () =>
  z.union([
    z.strictObject({
      app: appId(),
      name: text(),
      status: z.enum(['active', 'disabled']),
      registration: z.enum(['open', 'closed']),
      /** 32 random bytes, base64url. */
      secret: text(),
      /** What differs from the defaults. */
      limits: z.record(text(), number()),
      /** Hash of each issuer whose tokens log in, and when its settings were made. */
      issuers: opt(z.record(text(), ms())),
      createdAt: ms(),
    }),
    // A tombstone: the id is never used again.
    z.strictObject({ app: appId(), status: z.literal('deleted'), createdAt: ms(), deleted: ms() }),
  ]);

export const adminToken = /* @__PURE__ */ entity({
  pk: 'A#{app}#T#{hash}',
  sk: '#',
  gsi1: ['TOKENS#{app}', '{createdAt:time}'],
  stamped: true,
});
export const adminTokenFields = () =>
  z.strictObject({
    name: text(),
    hash: text(),
    createdAt: ms(),
    /** Absent: the token does not expire. */
    expiresAt: opt(ms()),
    /** Absent: all. */
    scopes: opt(z.array(scope())),
    revoked: opt(ms()),
    /** Last use, written at most once per minute. */
    seen: opt(ms()),
  });

/** Whose tokens log in to the app. `hash` is that of the issuer's name. */
export const issuer = /* @__PURE__ */ entity({ pk: 'A#{app}#J#{hash}', sk: '#', bytes: 8_000 });
export const issuerFields = () =>
  z.strictObject({
    issuer: text(),
    audiences: z.array(text()),
    /** The claim that names the user. */
    claim: text(),
    /** An unknown user is registered. */
    create: flag(),
    /** Where the keys come from: this address, the issuer's discovery document (absent), or the operator (`fixed`). */
    jwks: opt(text()),
    fixed: opt(z.literal(true)),
    /** Public keys, as JWKs with nothing but what verifies. */
    keys: z.array(z.record(text(), text())),
    /** When an operator made these settings. */
    setAt: ms(),
    /** When the keys were asked for last, successfully. */
    fetchedAt: ms(),
    /** Why the keys could not be fetched since, and since when. */
    error: opt(text()),
    failingSince: opt(ms()),
    /** When the failure was last counted for the alarm. */
    reportedAt: opt(ms()),
  });

/** The last time a token with an unknown key made the service fetch the app's keys. */
export const wantedKeys = /* @__PURE__ */ entity({ pk: 'A#{app}#J', sk: '#' });
export const wantedKeysFields = () => z.strictObject({ wantedAt: ms() });

/** The user to whom an issuer's name for a person is bound. `hash` is that of both. */
export const identity = /* @__PURE__ */ entity({ pk: 'A#{app}#B#{hash}', sk: '#' });

export const counterShard = /* @__PURE__ */ entity({ pk: 'A#{app}#C#{shard:number}', sk: '#' });
export const counterShardFields = () =>
  z.strictObject({
    users: opt(number()),
    groups: opt(number()),
    /** Last recount by operators, on the first shard. */
    recounted: opt(ms()),
  });

/** What calls of one hour have used: see shared/http/statistics.ts. */
export const hour = /* @__PURE__ */ entity({ pk: 'A#{app}#H', sk: '{hour:time}', ttl: 'all' });
const hourFields = () =>
  z.catchall(
    z.object({
      calls: number(),
      /** Database units, which halves of them may be. */
      reads: z.number(),
      writes: z.number(),
      /** Milliseconds of functions times their megabytes. */
      mbms: number(),
    }),
    // `c20005`: calls that were answered with that code; `e…`: what happened, by the names of the metrics.
    number(),
  );

export const directoryEntry = /* @__PURE__ */ entity({ pk: 'A#{app}#D', sk: '{createdAt:time}#{user}', bytes: 110 });
/** How many entries blocks of the directory hold: see directory-count-repo.ts. */
export const directoryCounts = /* @__PURE__ */ entity({ pk: 'A#{app}#R', sk: '{part:place}', bytes: 1_700 });
export const directoryCountsFields = () =>
  z.strictObject({
    generation: number(),
    /** Where each block ends (exclusively), and how many entries it holds; null: not counted yet. */
    blocks: z.array(z.tuple([text(), z.nullable(number())])),
  });
/** Ends the counts of a generation: entries may come where they have counted. */
export const directoryGeneration = /* @__PURE__ */ entity({ pk: 'A#{app}#R', sk: '#' });
export const directoryGenerationFields = () =>
  z.strictObject({
    generation: number(),
    /** Until then nothing is counted. */
    until: opt(ms()),
  });
export const publicGroup = /* @__PURE__ */ entity({ pk: 'A#{app}#P', sk: '{createdAt:time}#{group}', bytes: 110 });
/** While the clean-up of a dissolved group runs. */
export const dissolvedGroup = /* @__PURE__ */ entity({ pk: 'A#{app}#X', sk: 'D#{group}', bytes: 110 });
/** Once that has ended, by the time of its end: sorts before all that still run. */
export const cleanedGroup = /* @__PURE__ */ entity({
  pk: 'A#{app}#X',
  sk: 'C#{endedAt:time}#{group}',
  bytes: 120,
  ttl: 'all',
});

// ——— names, locks, idempotency ———
/** In the global index by its compared name, for searches by the beginning of usernames: see `indexedName`. */
export const username = /* @__PURE__ */ entity({
  pk: 'A#{app}#N#{name}',
  sk: '#',
  gsi1: ['NAMES#{app}', '{indexed}#{user}'],
});
export const mobile = /* @__PURE__ */ entity({ pk: 'A#{app}#M#{mobile}', sk: '#' });
export const holderFields = () => z.strictObject({ user: person() });

export const pushToken = /* @__PURE__ */ entity({ pk: 'A#{app}#K#{hash}', sk: '#' });
export const pushTokenFields = () => z.strictObject({ user: person(), sn: number() });

/** `account` is a user id, or the hash of a login name that nobody has. */
export const lock = /* @__PURE__ */ entity({ pk: 'L#{app}#{account}', sk: '#', ttl: 'all' });
export const lockFields = () =>
  z.strictObject({
    /** Times of the last failed logins. */
    fails: z.array(ms()),
    /** Random mark of the call that wrote it: tells a call whether a write whose answer was lost was its own. */
    mark: text(),
    /** Logins of new devices are refused until then. */
    lockedUntil: opt(ms()),
  });

/** How far a network address has used up its limits. `hash` is of the app and the prefix of the address. */
export const addressUse = /* @__PURE__ */ entity({ pk: 'N#{app}#{hash}', sk: '#', ttl: 'all' });
export const addressUseFields = () =>
  z.strictObject({ paidRegistrations: opt(ms()), paidFailures: opt(ms()), paidForms: opt(ms()) });

export const idempotencyRecord = /* @__PURE__ */ entity({ pk: 'I#{app}#{hash}', sk: '{part:number}', ttl: 'all' });
export const idempotencyRecordFields = () =>
  z.strictObject({
    /** Hash of the request. */
    request: text(),
    /** JSON: a map would come back with its fields in another order. */
    value: text(),
    expiresAt: ms(),
  });

// ——— user ———
export const user = /* @__PURE__ */ entity({ pk: 'U#{app}#{user}', sk: '#', stamped: true });
export const userFields = () =>
  z.strictObject({
    user: person(),
    status: z.enum(['active', 'disabled', 'deleted']),
    /** As the user wrote it; unique as `comparedName` compares it. */
    username: text(),
    mobile: opt(text()),
    /** scrypt. Absent for a user imported without one: no password logs in until one is set. */
    password: opt(z.strictObject({ salt: text(), hash: text(), N: number(), r: number(), p: number() })),
    /** A session is alive while it carries the epoch of its user. */
    epoch: number(),
    /** group_confirm: the user is asked before it joins a group. */
    confirm: flag(),
    /** Groups joined, owned ones included. */
    joined: number(),
    owned: number(),
    /** How many identities of issuers are bound to the user. */
    identities: opt(number()),
    createdAt: ms(),
    // How far the user has used up its limits: see shared/call/allowance.ts.
    paidCalls: opt(ms()),
    paidInvitations: opt(ms()),
    paidApplications: opt(ms()),
    paidGroups: opt(ms()),
    paidUploads: opt(ms()),
    paidMegabytes: opt(ms()),
    /** When a call was last refused for one of these limits and told so: once an hour at most. */
    heldBack: opt(z.strictObject({ limit: z.enum(USER_ALLOWANCES), at: ms(), until: ms() })),
    /** Invitations received on one day (since 1970), by inviter: the inviters of the last ones. */
    invitedBy: opt(z.strictObject({ day: number(), counts: z.array(z.tuple([person(), number()])) })),
  });

/** The user's side of a bound identity. */
export const userIdentity = /* @__PURE__ */ entity({ pk: 'U#{app}#{user}', sk: 'B#{hash}', bytes: 1_600 });
export const userIdentityFields = () => z.strictObject({ issuer: text(), subject: text(), createdAt: ms() });

export const profile = /* @__PURE__ */ entity({ pk: 'U#{app}#{user}', sk: 'P', bytes: 46_500, stamped: true });
export const profileFields = () =>
  z.strictObject({
    nick_name: opt(text()),
    avatar: opt(text()),
    description: opt(text()),
    email: opt(text()),
    private_info: opt(text()),
    public_info: opt(text()),
  });

export const settings = /* @__PURE__ */ entity({ pk: 'U#{app}#{user}', sk: 'S', bytes: 12_000, stamped: true });
export const settingsFields = () =>
  z.strictObject({
    auth_answer: opt(text()),
    auth_mode: opt(number()),
    auth_question: opt(text()),
    auto_download: opt(flag()),
    no_push: opt(flag()),
    no_push_detail: opt(flag()),
    no_push_end_hour: opt(number()),
    no_push_start_hour: opt(number()),
    no_sounds: opt(flag()),
    push_nick_name: opt(text()),
    push_token: opt(text()),
    silence_end_time: opt(number()),
    silence_start_time: opt(number()),
    vibratory: opt(flag()),
    alias: opt(text()),
    badge: opt(number()),
  });

/** 200 tags: the limit of an app is at most that. */
export const tags = /* @__PURE__ */ entity({ pk: 'U#{app}#{user}', sk: 'T', bytes: 52_000, stamped: true });
export const tagsFields = () => z.strictObject({ tags: z.array(text()) });

export const device = /* @__PURE__ */ entity({
  pk: 'U#{app}#{user}',
  sk: 'D#{sn:number}',
  bytes: 14_500,
  ttl: 'some',
  stamped: true,
});
export const deviceFields = () =>
  z.union([
    z.strictObject({
      sn: number(),
      guid: opt(text()),
      /** SHA-256 of the session's token; absent once revoked. */
      token: opt(text()),
      expiresAt: ms(),
      epoch: number(),
      /** Last call, written at most once per minute. */
      seen: ms(),
      createdAt: ms(),
      /** Last login; absent for a device that was only registered for push. */
      login: opt(ms()),
      /** Passwords that failed here since, the last ten at most. */
      fails: opt(z.array(ms())),
      agent: text(),
      platform: number(),
      push_token: opt(text()),
      device_token: opt(text()),
      notifier: opt(text()),
    }),
    // A tombstone: the device was removed.
    none(),
  ]);

/** The user's side of a membership; outlives it for as long as older invitations and QR codes live. */
export const userMembership = /* @__PURE__ */ entity({
  pk: 'U#{app}#{user}',
  sk: 'E#{group}',
  orders: {
    joined: ['lsi1', 'J#{joined:time}#{index:place}#{group}'],
    void: ['lsi2', 'K#{at:time}#{group}'],
    administered: ['lsi3', 'A#{adminSince:time}#{group}'],
  },
  // Of index 1, lists show only the key.
  shows: { lsi2: ['settled', 'blocked'], lsi3: ['role'] },
  bytes: 450,
  ttl: 'some',
});
export const userMembershipFields = () =>
  z.strictObject({
    role: opt(z.literal([0, 1, 2])),
    joined: opt(ms()),
    adminSince: opt(ms()),
    /** Last join: it settles invitations made until then. */
    settled: opt(ms()),
    /** Last block: invitations made until then can never be used. */
    blocked: opt(ms()),
    /** Last application. */
    applied: opt(ms()),
    /** Last kick, or block as a member: QR codes signed until then do not let this user in. */
    kicked: opt(ms()),
  });

const handledFields = () => ({
  reason: text(),
  /** 0 pending, 1 agreed, 2 rejected. */
  status: z.literal([0, 1, 2]),
  createdAt: ms(),
  expiresAt: ms(),
});

/** One per invitee, group and inviter: a second one renews it. */
export const invitation = /* @__PURE__ */ entity({
  pk: 'U#{app}#{user}',
  sk: 'I#{group}#{inviter}',
  orders: {
    newest: ['lsi1', 'I#{createdAt:time}#{group}#{inviter}'],
    counted: ['lsi2', 'I#{createdAt:time}#{group}#{inviter}'],
  },
  shows: { lsi1: ['reason', 'status', 'createdAt', 'expiresAt', 'updatedAt'] },
  bytes: 2_700,
  ttl: 'all',
  stamped: true,
});
export const invitationFields = () => z.strictObject({ ...handledFields(), updatedAt: ms() });

// ——— contacts ———
/** What a user keeps about another user. Both users of a friendship have one, and every change of it writes both. */
export const contact = /* @__PURE__ */ entity({
  pk: 'U#{app}#{user}',
  sk: 'F#{other}',
  orders: {
    requested: ['lsi1', 'Q#{requestedAt:time}#{other}'],
    friends: ['lsi3', 'F#{friendAt:time}#{other}'],
    blocked: ['lsi3', 'B#{blockedAt:time}#{other}'],
  },
  shows: { lsi1: ['requestReason', 'requestStatus', 'requestExpiresAt'] },
  bytes: 3_300,
  ttl: 'some',
  stamped: true,
});
export const contactFields = () =>
  z.strictObject({
    /** Beginning of the friendship: the same on both sides. */
    friendAt: opt(ms()),
    /** The other user ended the friendship. */
    deletedAt: opt(ms()),
    alias: opt(text()),
    mute: opt(z.literal(true)),
    /** There is a `contactExt`. */
    ext: opt(z.literal(true)),
    /** This user has blocked the other. */
    blockedAt: opt(ms()),
    /** The last request of the other user. */
    requestedAt: opt(ms()),
    requestExpiresAt: opt(ms()),
    requestReason: opt(text()),
    /** 0 waiting, 1 accepted, 2 rejected. */
    requestStatus: opt(z.literal([0, 1, 2])),
    /** The last request of this user, which is kept in the other's contact. */
    sentAt: opt(ms()),
  });

/** Extension information about a friend: long, and apart from what every change of a friendship reads. */
export const contactExt = /* @__PURE__ */ entity({
  pk: 'U#{app}#{user}',
  sk: 'X#{other}',
  bytes: 16_600,
});
const contactExtFields = () => z.strictObject({ ext: text() });

export const contactCounts = /* @__PURE__ */ entity({ pk: 'U#{app}#{user}', sk: 'C' });
export const contactCountsFields = () =>
  z.strictObject({
    friends: opt(number()),
    blocked: opt(number()),
    /** Waiting requests that did not expire before the last recount. */
    requests: opt(number()),
    recountedAt: opt(ms()),
    /** Raised by every change of the waiting requests: tells a recount whether what it counted is still so. */
    revision: opt(number()),
  });

// ——— group ———
/** In the global index, the newest last, until it is dissolved. */
export const group = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}',
  sk: '#',
  gsi1: ['GROUPS#{app}', '{createdAt:time}#{group}'],
  stamped: true,
});
export const groupFields = () =>
  z.strictObject({
    group: id<GroupId>(),
    status: z.enum(['normal', 'dissolved']),
    owner: person(),
    /** 0 private, 1 public, 2 chatroom. */
    type: z.literal([0, 1, 2]),
    /** Members, the owner included; never above `capacity`. */
    count: number(),
    capacity: number(),
    /** Admins, the owner not counted. */
    admins: number(),
    /** Blocked users. */
    blocks: number(),
    /** Applications: 0 agree to all, 1 ask an admin, 2 refuse all. */
    approval: z.literal([0, 1, 2]),
    member_invite: flag(),
    member_modify: flag(),
    history_visible: flag(),
    read_ack: flag(),
    /** Only admins may list the members. Absent where it is off, so that the item does not grow. */
    hide_member_info: opt(z.literal(true)),
    /** Only admins may speak until then (FOR_EVER; 0: everybody may). */
    mutedUntil: ms(),
    createdAt: ms(),
    /** Last change of owner or settings. */
    updatedAt: ms(),
  });

/** In the global index by its compared name, until the clean-up of the dissolved group. */
export const groupInfo = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}',
  sk: 'I',
  gsi1: ['GNAMES#{app}', '{indexed}#{group}'],
  bytes: 9_600,
  stamped: true,
});
export const groupInfoFields = () => z.strictObject({ name: text(), avatar: text(), updatedAt: ms() });

export const groupText = /* @__PURE__ */ entity({ pk: 'G#{app}#{group}', sk: 'X', bytes: 21_000, stamped: true });
export const groupTextFields = () => z.strictObject({ description: opt(text()), ext: opt(text()), updatedAt: ms() });

/** Numbers of a group, apart from what joins touch. */
export const sequence = /* @__PURE__ */ entity({ pk: 'G#{app}#{group}', sk: 'S', ttl: 'some', stamped: true });
export const sequenceFields = () =>
  z.strictObject({
    /** Number of the last announcement, and how many are kept. */
    announcement: opt(number()),
    announcements: opt(number()),
    /** Announcements that the last write of announcements has deleted. */
    deleted: opt(z.array(z.strictObject({ id: number(), author: person() }))),
    /** Number of the last file, and how many are published. */
    file: opt(number()),
    files: opt(number()),
    /** The group is dissolved and its files are being removed: none may be added. */
    closed: opt(flag()),
  });

/**
 * How a user stands to a group: member or blocked, never both, since it is one item. Without a state it only carries a
 * ban that still runs, or the mark of a pending application, or tells how the last state ended. Its partition is not the
 * group's own, so that hot reads of either do not share the limit of one partition.
 */
export const groupMembership = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}#R',
  sk: 'R#{user}',
  orders: {
    joined: ['lsi1', 'M#{joined:time}#{index:place}#{user}'],
    blocked: ['lsi1', 'B#{blocked:time}#{user}'],
    banned: ['lsi2', 'X#{slot:time}#{banned:time}#{user}'],
    admin: ['lsi3', 'A#{adminSince:time}#{user}'],
  },
  shows: {
    lsi1: ['name', 'joined', 'blocked'],
    lsi2: ['name', 'joined', 'banned', 'bannedUntil', 'role'],
    lsi3: ['name', 'joined', 'role'],
  },
  bytes: 1_100,
  ttl: 'some',
  stamped: true,
});
export const groupMembershipFields = () =>
  z.strictObject({
    state: opt(z.enum(['member', 'blocked'])),
    /** 0 member, 1 admin, 2 owner. */
    role: opt(z.literal([0, 1, 2])),
    joined: opt(ms()),
    /** Display name in the group. */
    name: opt(text()),
    mute: opt(number()),
    push: opt(number()),
    /** When the ban was made, and when it ends (FOR_EVER: never). */
    banned: opt(ms()),
    bannedUntil: opt(ms()),
    /** The pending application: when it was made, and until when it can be approved. */
    applied: opt(ms()),
    applicationExpiresAt: opt(ms()),
    /** The newest invitation, by the clock of the function that made it. */
    invited: opt(ms()),
    adminSince: opt(ms()),
    blocked: opt(ms()),
  });

/** One per applicant and group: a second one renews it. */
export const application = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}#R',
  sk: 'A#{user}',
  orders: { newest: ['lsi1', 'A#{createdAt:time}#{user}'], counted: ['lsi2', 'A#{createdAt:time}#{user}'] },
  shows: { lsi1: ['reason', 'status', 'createdAt', 'expiresAt'] },
  bytes: 2_600,
  ttl: 'all',
  stamped: true,
});
export const applicationFields = () => z.strictObject(handledFields());

export const announcement = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}#N',
  sk: '{number:id}',
  bytes: 2_200,
  stamped: true,
});
export const announcementFields = () =>
  z.strictObject({
    id: number(),
    title: text(),
    /** Absent where it is long: it is an item of its own then, of so many bytes. */
    content: opt(text()),
    textBytes: opt(number()),
    author: person(),
    createdAt: ms(),
  });

export const announcementText = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}#N',
  sk: 'T#{number:id}',
  bytes: 40_300,
});
const announcementTextFields = () => z.strictObject({ content: text() });

/** A file that a group shares: reserved until its object is there, then published. A link is published at once. */
export const file = /* @__PURE__ */ entity({
  pk: 'G#{app}#{group}#F',
  sk: '{number:id}',
  orders: { newest: ['lsi1', 'F#{published:time}#{number:id}'] },
  shows: { lsi1: ['id', 'name', 'size', 'type', 'uploader', 'createdAt', 'updatedAt', 'url'] },
  gsi1: ['FILES#{app}', '{group}#{number:number}'],
  bytes: 10_600,
  ttl: 'some',
  stamped: true,
});
export const fileFields = () =>
  z.strictObject({
    id: number(),
    name: text(),
    /** Bytes. */
    size: number(),
    type: text(),
    uploader: person(),
    createdAt: ms(),
    updatedAt: ms(),
    /** Absent while it is only reserved. */
    published: opt(ms()),
    /** An upload to a reserved file may still come until then. */
    expiresAt: opt(ms()),
    /** The random part of its keys in the bucket; a link has none. */
    random: opt(text()),
    /** Name of its object below `files/`, once published. */
    object: opt(text()),
    /** It came by a form, and an address issued with that leads to it: see `registration`. */
    registered: opt(flag()),
    /** A link: the address of what lies elsewhere. */
    url: opt(text()),
  });

/** What stays of a published file that was deleted: its stamp tells of the end. */
const deletedFileFields = () => z.strictObject({ id: number() });

/** What the upload of a form became. It outlives its file, so that the same upload becomes no second one. */
export const registration = /* @__PURE__ */ entity({ pk: 'O#{random}', sk: '#', ttl: 'some' });
export const registrationFields = () => z.strictObject({ file: number(), object: text() });

// ——— events ———
/**
 * A log of events: closed pages by the number of their last event, and the open page, which the next events extend until
 * it is full. So every append is one condition on one item, and numbers have no gap.
 */
const pageFields = () => ({
  /** Number of the last event. */
  last: number(),
  /** How many events the page holds. */
  count: number(),
  /** The events: compressed JSON, in base64. */
  events: text(),
  /** When the last write was made. */
  at: ms(),
});
/**
 * The log of an app: what readers of `/event/list` get. Its closed pages lie in one partition for each million events,
 * since the items of one partition key may have 10 GB at most.
 */
export const eventPage = /* @__PURE__ */ entity({ pk: 'V#{app}#{million:number}', sk: '{last:id}', ttl: 'all' });
export const openEventPage = /* @__PURE__ */ entity({ pk: 'V#{app}', sk: '~' });
/** The log of a group: its numbers are the `version` of lists, what readers of `/group/changes` get. */
export const changePage = /* @__PURE__ */ entity({ pk: 'W#{app}#{group}', sk: '{last:id}', ttl: 'all' });
export const openChangePage = /* @__PURE__ */ entity({ pk: 'W#{app}#{group}', sk: '~' });
export const eventPageFields = () => z.strictObject(pageFields());
export const openChangePageFields = () =>
  z.strictObject({
    ...pageFields(),
    /** Of each partition of the group, the sequence number of the last record of the stream that is in the log. */
    seen: z.record(text(), text()),
    /** Members after the last event. Absent where the group is older than its log. */
    members: opt(number()),
    /** Earlier numbers of a last event, with the time when it was appended: see `versionOf`. */
    marks: z.array(z.tuple([number(), ms()])),
  });
/** The same as `seen` for a partition of another kind: of a user, an app or an admin token. */
export const streamPosition = /* @__PURE__ */ entity({ pk: 'H#{partition}', sk: '#', ttl: 'all' });
const streamPositionFields = () => z.strictObject({ seen: text() });

/** How far the events of an app are in the archive. Beside the log: the stream hands out what lies within it. */
export const archiveCursor = /* @__PURE__ */ entity({ pk: 'A#{app}#V', sk: '#' });
export const archiveCursorFields = () =>
  z.strictObject({
    /** Number of the last event in the archive; 0 before the first. */
    last: number(),
    /** Hour of the object that holds it: its beginning. */
    hour: ms(),
    /** The object that is being written: the number of its last event, and its hour. */
    planned: opt(z.strictObject({ last: number(), hour: ms() })),
    /** Changed by every write, so that it is a condition of the next one. */
    revision: number(),
  });

// ——— webhooks ———
/** Where events of the app are sent to. The first digit of its id is its place: so no app has more than ten. */
export const webhookEndpoint = /* @__PURE__ */ entity({ pk: 'A#{app}#W', sk: '{place:number}', bytes: 4_000 });
export const webhookEndpointFields = () =>
  z.strictObject({
    id: text(),
    url: text(),
    /** Patterns of types; none: all. */
    types: z.array(text()),
    /** 0: all. */
    group: number(),
    description: text(),
    enabled: flag(),
    /** Why the service disabled it. */
    disabledBecause: opt(z.enum(['gone', 'failing'])),
    /** The newest first: every one that has not expired signs. */
    secrets: z.array(z.strictObject({ secret: text(), expiresAt: opt(ms()) })),
    createdAt: ms(),
    updatedAt: ms(),
    /** Since when no attempt has succeeded; absent while attempts succeed. */
    failingSince: opt(ms()),
    /** The last failure, written once an hour at most. */
    failedAt: opt(ms()),
  });

/** One HTTP request to an endpoint. A partition for each day, so that none grows without bound. */
export const webhookAttempt = /* @__PURE__ */ entity({
  pk: 'A#{app}#W#{endpoint}#{day:number}',
  sk: '{at:time}#{id}',
  bytes: 1_500,
  ttl: 'all',
});
export const webhookAttemptFields = () =>
  z.strictObject({
    event: text(),
    sequence: text(),
    type: text(),
    /** The first is 1. */
    attempt: number(),
    at: ms(),
    /** How long it took (ms). */
    ms: number(),
    delivered: flag(),
    /** Of the answer; absent where none came. */
    status: opt(number()),
    /** The first 256 bytes of the answer's body. */
    answer: opt(text()),
    /** Why no answer came. */
    error: opt(text()),
    /** When the next attempt is due. Absent for the last one. */
    next: opt(ms()),
  });

/** An event that an endpoint has not taken: it is tried again, or has failed. */
export const delivery = /* @__PURE__ */ entity({
  pk: 'A#{app}#W#{endpoint}',
  sk: '{sequence:id}',
  bytes: 14_000,
  ttl: 'all',
});
export const deliveryFields = () =>
  z.strictObject({
    /** Attempts so far. */
    attempts: number(),
    /** Of one that has failed: the event as JSON. */
    failed: opt(text()),
  });

/** Events that the bus or the queue does not take: the relay sends them later, from this number on. */
export const heldEvents = /* @__PURE__ */ entity({ pk: 'A#{app}#W', sk: '~{target}' });
export const heldEventsFields = () =>
  z.strictObject({
    /** The first number that may not have been sent. */
    first: number(),
    /** Changed by every write, so that the one that ends it misses none. */
    revision: number(),
    since: ms(),
  });

// ——— background ———
/** The table's stream hands every one of these to the background function. */
export const job = /* @__PURE__ */ entity({ pk: 'J#{job}', sk: '#', gsi1: ['JOBS#{digit}', '{job}'] });
export const jobFields = () => {
  const common = { app: appId(), createdAt: ms(), continued: opt(ms()) };
  return z.union([
    z.strictObject({ ...common, kind: z.literal('dissolved group'), group: id<GroupId>() }),
    z.strictObject({ ...common, kind: z.literal('deleted user'), user: person() }),
    z.strictObject({ ...common, kind: z.literal('blocked users'), group: id<GroupId>(), users: z.array(person()) }),
    z.strictObject({ ...common, kind: z.literal('deleted files'), group: id<GroupId>(), objects: z.array(text()) }),
  ]);
};

/** A write that waits for an item that many others write: see write-queue.ts. */
export const queuedWrite = /* @__PURE__ */ entity({ pk: 'Q#{app}#{group}', sk: 'T#{at:time}#{id}', ttl: 'all' });
const queuedWriteFields = () => z.strictObject({ steps: text(), failed: opt(text()) });

export const queueLease = /* @__PURE__ */ entity({ pk: 'Q#{app}#{group}', sk: 'L', ttl: 'all' });
const queueLeaseFields = () => z.strictObject({ holder: text(), expiresAt: ms() });

// ——— erasure ———
/** The erasure of a user (`of`: its id) or of an app (`of`: `app`) that runs. Its end removes it. */
export const erasure = /* @__PURE__ */ entity({ pk: 'E#{app}', sk: '{of}' });
export const erasureFields = () =>
  z.strictObject({
    startedAt: ms(),
    /** What the search looks for beside the id: nothing else keeps it once the user is deleted. */
    names: z.array(z.strictObject({ what: z.enum(['username', 'mobile', 'email', 'device']), text: text() })),
    /** Keys of the objects that go with the user. */
    objects: z.array(text()),
    /** Items removed and changed so far, by what was done and their kind. */
    done: z.record(text(), number()),
    /** The relay has told the deletion; until then, the number of the feed after which it will. */
    told: flag(),
    feed: number(),
    /** Where the scan goes on, and how many traces it has found before. */
    from: opt(z.strictObject({ pk: text(), sk: text() })),
    found: number(),
    /** Changed by every write, so that two commands do not work on one erasure. */
    revision: number(),
  });

/** The key that signs receipts. */
export const receiptKey = /* @__PURE__ */ entity({ pk: 'RECEIPTS', sk: '#' });
export const receiptKeyFields = () =>
  z.strictObject({
    /** Ed25519, PKCS #8, base64. */
    secret: text(),
    createdAt: ms(),
  });

/**
 * Every kind of items, for tools and tests: no function loads this. Without spreads, which esbuild would keep. `about`:
 * what the chart says of it.
 */
export const ENTITIES: Record<string, { entity: Entity; fields: () => z.ZodMiniType; about: string }> = {
  app: {
    entity: app,
    fields: appFields,
    about: 'name, status, registration, limits, secret (each purpose derives its own key)',
  },
  'admin token': { entity: adminToken, fields: adminTokenFields, about: 'name, expiry, scopes, revocation, last use' },
  issuer: {
    entity: issuer,
    fields: issuerFields,
    about: 'audiences, claim, public keys and where they come from; why they cannot be fetched',
  },
  'wanted keys': {
    entity: wantedKeys,
    fields: wantedKeysFields,
    about: 'when a token with an unknown key last had the keys of all issuers of the app fetched',
  },
  identity: { entity: identity, fields: holderFields, about: 'the user to whom (issuer, claim) is bound' },
  'counter shard': {
    entity: counterShard,
    fields: counterShardFields,
    about: 'users and groups of the app, kept only where an operator limits them',
  },
  hour: {
    entity: hour,
    fields: hourFields,
    about: 'calls, codes, units, time and what happened within one hour; TTL of 8 days',
  },
  'directory entry': {
    entity: directoryEntry,
    fields: none,
    about: 'nothing: the order of registration in 32 bytes and the app id per entry',
  },
  'directory counts': {
    entity: directoryCounts,
    fields: directoryCountsFields,
    about: 'how many users consecutive parts of the directory hold, for pages by number; made when such a page is read',
  },
  'directory generation': {
    entity: directoryGeneration,
    fields: directoryGenerationFields,
    about: 'raised by imports: counts of an earlier generation are void',
  },
  'public group': { entity: publicGroup, fields: none, about: 'nothing: groups of type 1, the newest first' },
  'dissolved group': { entity: dissolvedGroup, fields: none, about: 'a mark: the clean-up runs' },
  'cleaned group': { entity: cleanedGroup, fields: none, about: 'a mark for one minute: the clean-up has ended' },
  username: {
    entity: username,
    fields: holderFields,
    about: 'the user id. A username is compared in NFKC and lower case; the user has it as it was written',
  },
  mobile: { entity: mobile, fields: holderFields, about: 'the user id; uniqueness is `attribute_not_exists`' },
  'push device token': {
    entity: pushToken,
    fields: pushTokenFields,
    about: 'the user and device that hold it: the last bind wins',
  },
  'lock-out': { entity: lock, fields: lockFields, about: 'times of the last ten failed logins of the account' },
  'use of an address': {
    entity: addressUse,
    fields: addressUseFields,
    about: 'how far registrations, failed logins and posted forms from a network address have used up its limits',
  },
  'idempotency record': {
    entity: idempotencyRecord,
    fields: idempotencyRecordFields,
    about: 'hash of the request, the answer as JSON text; one part per transaction',
  },
  user: {
    entity: user,
    fields: userFields,
    about:
      'status, username, mobile, password, epoch, consent, groups joined and owned, identities: at most 1 KB, kept for ever',
  },
  'user identity': {
    entity: userIdentity,
    fields: userIdentityFields,
    about: 'issuer and subject of a bound identity, for the list of a user',
  },
  profile: { entity: profile, fields: profileFields, about: 'long texts, apart from the item that every call reads' },
  settings: { entity: settings, fields: settingsFields, about: 'the settings of section 1.35' },
  tags: { entity: tags, fields: tagsFields, about: 'tags in the order of binding' },
  device: {
    entity: device,
    fields: deviceFields,
    about:
      'guid, hash of the session token, expiry, epoch, last call, user agent, push token, times of its own failed logins',
  },
  'user membership': {
    entity: userMembership,
    fields: userMembershipFields,
    about:
      'the user side of a membership; last join, block and kick, for as long as older invitations and QR codes live',
  },
  invitation: { entity: invitation, fields: invitationFields, about: 'reason, status, expiry' },
  contact: {
    entity: contact,
    fields: contactFields,
    about:
      'what a user keeps about another: friend since, deleted by the other, blocked, alias; the last request of the other',
  },
  'contact ext': { entity: contactExt, fields: contactExtFields, about: 'extension information about a friend' },
  'contact counts': {
    entity: contactCounts,
    fields: contactCountsFields,
    about: 'friends, blocked users and open requests of a user; conditions on them keep the limits',
  },
  group: {
    entity: group,
    fields: groupFields,
    about: 'status, owner, type, counts, capacity, flags: at most 0.3 KB, the one hot item, kept for ever',
  },
  'group info': { entity: groupInfo, fields: groupInfoFields, about: 'name and avatar' },
  'group text': { entity: groupText, fields: groupTextFields, about: 'description and ext' },
  sequence: {
    entity: sequence,
    fields: sequenceFields,
    about:
      'last announcement and file number, announcements and files kept; closed once the files of a dissolved group go',
  },
  'group membership': {
    entity: groupMembership,
    fields: groupMembershipFields,
    about:
      '**one item per group and user**: member, blocked or neither; role, display name, ban, message modes, mark of a pending application',
  },
  application: { entity: application, fields: applicationFields, about: 'reason, status, expiry' },
  announcement: { entity: announcement, fields: announcementFields, about: 'title, author, content if it is short' },
  'announcement text': {
    entity: announcementText,
    fields: announcementTextFields,
    about: 'the content of a long announcement',
  },
  file: {
    entity: file,
    fields: () => z.union([fileFields(), deletedFileFields()]),
    about: 'name, size, type, uploader, its object or link; TTL while it is only reserved, and once it is deleted',
  },
  registration: {
    entity: registration,
    fields: registrationFields,
    about: 'the file that the upload of a form became, and its object; TTL of 7 days once the file is gone',
  },
  'event page': {
    entity: eventPage,
    fields: eventPageFields,
    about: 'events of the app in their order, compressed; TTL by the retention of the app',
  },
  'open event page': {
    entity: openEventPage,
    fields: eventPageFields,
    about: 'the last events of the app and their number: every append is a condition on it',
  },
  'change page': {
    entity: changePage,
    fields: eventPageFields,
    about: 'the events of one group; TTL by the retention of the app',
  },
  'open change page': {
    entity: openChangePage,
    fields: openChangePageFields,
    about: 'the last events of the group, their number (`version`), and how far the stream has been read',
  },
  'stream position': {
    entity: streamPosition,
    fields: streamPositionFields,
    about: 'how far the stream of one partition has been read; kept for longer than the stream keeps its records',
  },
  'archive cursor': {
    entity: archiveCursor,
    fields: archiveCursorFields,
    about: 'the last event that the archive in S3 holds, and the object that is being written',
  },
  'webhook endpoint': {
    entity: webhookEndpoint,
    fields: webhookEndpointFields,
    about: 'address, which events, secrets; since when it fails, and why the service disabled it',
  },
  'webhook attempt': {
    entity: webhookAttempt,
    fields: webhookAttemptFields,
    about: 'one request: event, time, status, the first 256 bytes of the answer; TTL of 4 days',
  },
  delivery: {
    entity: delivery,
    fields: deliveryFields,
    about: 'attempts of an event that an endpoint has not taken yet; the event itself once it has failed',
  },
  'held events': {
    entity: heldEvents,
    fields: heldEventsFields,
    about: 'from which event on the bus or the queue has to be caught up; the stream hands it to the relay',
  },
  job: {
    entity: job,
    fields: jobFields,
    about: 'work left to the background; the stream hands it out. 16 partitions of the global index',
  },
  'queued write': {
    entity: queuedWrite,
    fields: queuedWriteFields,
    about: 'a write that waits for the record of the group, its steps compressed',
  },
  erasure: {
    entity: erasure,
    fields: erasureFields,
    about: 'how far the erasure of a user or an app is; it ends with the receipt',
  },
  'receipt key': { entity: receiptKey, fields: receiptKeyFields, about: 'the key that signs receipts of erasures' },
  'queue lease': { entity: queueLease, fields: queueLeaseFields, about: 'the call that writes for the others' },
};

/** Attributes that a local index holds besides keys: what lists of any kind show by it, and the number of the shape. */
export const projectedBy = (index: LocalIndexName): string[] =>
  [...new Set(['v', ...Object.values(ENTITIES).flatMap(({ entity: { shape } }) => shape.shows?.[index] ?? [])])].sort();
