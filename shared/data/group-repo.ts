import type { AppId, GroupId } from '../ids.ts';
import type { Condition } from './expression.ts';
import {
  CLEANED,
  cleanedKey,
  DISSOLVED,
  dissolvedKey,
  dissolvedPartition,
  groupInfoKey,
  groupKey,
  groupTextKey,
  publicGroupKey,
  publicGroupPartition,
  time,
} from './keys.ts';
import { requires } from './proof.ts';
import { type Get, getItem, type Listing, type Query } from './read.ts';
import { MOST_BYTES } from './sizes.ts';
import { put, remove, type Step, update } from './step.ts';
import { sumStep } from './write-queue.ts';

/**
 * What changes with every join, and what the gate must know: small, since each join pays for its size.
 * Names and texts are `GroupInfo` and `GroupText`. Kept for ever, so that an id is never used again.
 */
export interface Group {
  group: number;
  status: 'normal' | 'dissolved';
  owner: number;
  /** 0 private, 1 public, 2 chatroom. */
  type: 0 | 1 | 2;
  /** Members, the owner included; never above `capacity`. */
  count: number;
  capacity: number;
  /** Admins, the owner not counted. */
  admins: number;
  /** Blocked users. */
  blocks: number;
  /** 0 agree to all, 1 ask an admin, 2 refuse all. */
  approval: 0 | 1 | 2;
  member_invite: boolean;
  member_modify: boolean;
  history_visible: boolean;
  read_ack: boolean;
  /** Only admins may speak until then (ms; FOR_EVER; 0: everybody may). */
  mutedUntil: number;
  createdAt: number;
  /** Last change of owner or settings (ms). */
  updatedAt: number;
}

/** What a group begins with, where nobody says otherwise. */
export const NEW_GROUP = {
  status: 'normal',
  count: 1,
  admins: 0,
  blocks: 0,
  approval: 1,
  member_invite: true,
  member_modify: false,
  history_visible: false,
  read_ack: false,
  mutedUntil: 0,
} as const satisfies Partial<Group>;

export interface GroupInfo {
  name: string;
  avatar: string;
  updatedAt: number;
}

/** Long texts that only the full record shows; absent until set. */
export interface GroupText {
  description?: string;
  ext?: string;
  updatedAt: number;
}

export const groupOf = (app: string, group: number): Get<Group | undefined> => getItem(groupKey(app, group));
export const groupInfoOf = (app: string, group: number): Get<GroupInfo | undefined> =>
  getItem(groupInfoKey(app, group), MOST_BYTES.groupInfo);
export const groupTextOf = (app: string, group: number): Get<GroupText | undefined> =>
  getItem(groupTextKey(app, group), MOST_BYTES.groupText);

export const updateGroup = (
  app: string,
  group: number,
  changes: { set?: Partial<Group>; add?: Partial<Record<'count' | 'admins' | 'blocks', number>> },
  condition: Condition,
): Step => update(groupKey(app, group), changes, condition);

/**
 * Adds to a group's counters, where the group is there and `equal` holds of it. Many such changes at once wait in the
 * group's queue.
 * @param most what the counters may come to
 */
export const countInGroup = (
  app: string,
  group: number,
  add: Partial<Record<'count' | 'admins' | 'blocks', number>>,
  { equal = {}, most = {} }: { equal?: Partial<Group>; most?: { count?: number; admins?: number } } = {},
): Step => sumStep(groupKey(app, group), { add, equal: { status: 'normal', ...equal }, most });

/** Only groups of type 1 stand in the public list. */
export const putPublic = (app: string, group: Group): Step[] =>
  group.type === 1 ? [put(publicGroupKey(app, group.createdAt, group.group), {})] : [];
export const removePublic = (app: string, group: Group): Step[] =>
  group.type === 1 ? [remove(publicGroupKey(app, group.createdAt, group.group))] : [];

/**
 * Milliseconds that the mark of a dissolved group is read after the end of its clean-up. A call may have read an user membership
 * before the clean-up removed it, and read the marks after that end: within the 10 seconds that a call has. The rest is
 * for the write of the mark, which may wait for the database after its time was taken, and for clocks that differ.
 */
const MARK_READ = 60_000;

/**
 * Groups dissolved whose members' user memberships may still be read: `user_joined` leaves these out. The clean-ups at work, and
 * those of the last minute: nearly always few, whatever else TTL has not removed yet.
 */
export const dissolvedGroupsOf = (app: string, now: number): Query<Set<number>> => ({
  query: {
    partition: dissolvedPartition(app),
    between: [`${CLEANED}${time(now - MARK_READ)}`, `${DISSOLVED}~`],
    // Those at work first: one that is missed because its clean-up ends at this moment is met among the others.
    entryBytes: MOST_BYTES.publicGroup,
    descending: true,
    all: true,
  },
  parse: ({ items }) => new Set(items.map(({ sk }) => Number(String(sk).split('#').at(-1)))),
});
export const putDissolved = (app: string, group: number): Step => put(dissolvedKey(app, group), {});
/**
 * No user membership shows the group any more: first it is marked so, then its other mark goes. In one transaction a Query could
 * see the second of them and not the first. @param now ms; just before the write
 */
export const putCleaned = (app: string, group: number, now: number): Step =>
  put(cleanedKey(app, now, group), { ttl: Math.ceil((now + MARK_READ) / 1000) });
export const removeDissolved = (app: string, group: number): Step => remove(dissolvedKey(app, group));

/** Ids of the public groups of an app, the newest first. */
export const publicGroupsNewestFirst = (app: string): Listing<number> => ({
  partition: publicGroupPartition(app),
  prefix: '',
  form: /^\d{13}#\d{1,16}$/,
  entryBytes: MOST_BYTES.publicGroup,
  descending: true,
  entry: ({ sk }) => Number(String(sk).split('#')[1]),
});

/** Proves that the group is there, with these values. */
export const isThere = (app: AppId, group: GroupId, equal: Partial<Group> = {}): Step =>
  requires(groupKey(app, group), { status: 'normal', ...equal });
