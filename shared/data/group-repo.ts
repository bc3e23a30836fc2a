import type { AppId, GroupId, UserId } from '../ids.ts';
import { all, below, type Condition, equal, exists, matches, missing } from './expression.ts';
import { INDEXED_NAME_FORM, indexedId, indexedName, time } from './keys.ts';
import { requires } from './proof.ts';
import { type Get, getItem, type Listing, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { because, measured, put, remove, type Step, update } from './step.ts';
import { sumCondition, sumStep } from './write-queue.ts';

/**
 * The counters, and the settings that decide who may join. Small, since each join pays for its size: name and texts are
 * in `GroupInfo` and `GroupText`. Kept for ever, so that an id is never used again.
 */
export type Group = ItemOf<typeof schema.groupFields>;

/** The defaults of a new group. */
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

export type GroupInfo = ItemOf<typeof schema.groupInfoFields>;

/** Long texts that only the full reply shows; absent until set. */
export type GroupText = ItemOf<typeof schema.groupTextFields>;

export const groupOf = (app: AppId, group: GroupId): Get<Group | undefined> => getItem(schema.group.key(app, group));
export const groupInfoOf = (app: AppId, group: GroupId): Get<GroupInfo | undefined> =>
  getItem(schema.groupInfo.key(app, group), schema.groupInfo.bytes);
export const groupTextOf = (app: AppId, group: GroupId): Get<GroupText | undefined> =>
  getItem(schema.groupText.key(app, group), schema.groupText.bytes);

export const updateGroup = (
  app: AppId,
  group: GroupId,
  changes: {
    set?: Partial<Group> & { gsi1pk?: undefined; gsi1sk?: undefined };
    add?: Partial<Record<'count' | 'admins' | 'blocks', number>>;
  },
  condition: Condition,
): Step => update(schema.group.key(app, group), changes, condition);

type Counters = Partial<Record<'count' | 'admins' | 'blocks', number>>;

/** Adds to the counters of a group that exists. @param most what each may come to */
export const count = (app: AppId, group: GroupId, add: Counters, most: Counters = {}): Step =>
  updateGroup(app, group, { add }, sumCondition({ add, equal: { status: 'normal' }, most }));

/**
 * The same for joining and leaving, which may come by the hundred: such writes wait in the group's queue where they
 * would conflict. @param equal further values that the group must have
 */
export const countMembers = (
  app: AppId,
  group: GroupId,
  add: Pick<Counters, 'count' | 'admins'>,
  { equal = {}, most = {} }: { equal?: Partial<Group>; most?: Pick<Counters, 'count' | 'admins'> } = {},
): Step => sumStep(schema.group.key(app, group), { add, equal: { status: 'normal', ...equal }, most });

/** A group under an id that was never used. */
export const create = (app: AppId, group: Group): Step =>
  measured(
    'groups_made',
    put(
      schema.group.key(app, group.group),
      { ...group, ...schema.group.gsi1(app, group.createdAt, group.group) },
      missing,
    ),
  );

/** Attributes of what leaves the global index. */
const OUT_OF_INDEX = { gsi1pk: undefined, gsi1sk: undefined };

/** The place of a group's name in the index. */
const nameIndex = (app: AppId, group: GroupId, name: string) => schema.groupInfo.gsi1(app, indexedName(name), group);

/** The most bytes of an entry of the index of groups, by name or by time. */
const GROUP_ENTRY_BYTES = 700;

/**
 * The groups whose names begin like this, in their order, as the global index has them. It lags behind: a group may have
 * another name by now, or be dissolved. Of a long beginning it compares only the first 64 characters.
 */
export const groupNamesFrom = (app: AppId, beginning: string): Listing<GroupId> => ({
  partition: schema.groupInfo.gsi1(app, '', 0 as GroupId).gsi1pk,
  order: { index: 'gsi1', prefix: indexedName(beginning), form: INDEXED_NAME_FORM },
  entryBytes: GROUP_ENTRY_BYTES,
  entry: (item) => indexedId(item) as GroupId,
});

/** All groups of an app, the newest first, as the global index has them. */
export const groupsNewestFirst = (app: AppId): Listing<GroupId> => ({
  partition: schema.group.gsi1(app, 0, 0 as GroupId).gsi1pk,
  order: { index: 'gsi1', prefix: '', form: /^\d{13}#\d{1,16}$/ },
  entryBytes: GROUP_ENTRY_BYTES,
  descending: true,
  entry: (item) => indexedId(item) as GroupId,
});

/** Counts so many of an app's groups at most, as the global index has them. */
export const countGroups = (app: AppId, most: number): Query<{ count: number; more: boolean }> => ({
  query: {
    partition: schema.group.gsi1(app, 0, 0 as GroupId).gsi1pk,
    index: 'gsi1',
    between: ['0', '~'],
    limit: most,
    all: true,
    count: true,
  },
  parse: ({ count, last }) => ({ count, more: last !== undefined }),
});

/**
 * The name of a dissolved group leaves the index. It says nothing to events. Not in the transaction that dissolves, which
 * would cost 3 units more.
 */
export const forgetName = (app: AppId, group: GroupId): Step =>
  update(schema.groupInfo.key(app, group), { set: OUT_OF_INDEX }, exists);

/**
 * The texts of a new group; the item of the long ones exists only where there are any. The one with the name tells of the
 * creation. The group's own item, which every join pays for, would keep the name in its stamp.
 */
export const createTexts = (
  app: AppId,
  { group, owner, type, capacity, mutedUntil }: Group,
  info: GroupInfo,
  text: GroupText,
): Step[] => [
  because(put(schema.groupInfo.key(app, group), { ...info, ...nameIndex(app, group, info.name) }), {
    owner,
    type,
    capacity,
    ...(mutedUntil > 0 && { mutedUntil }),
  }),
  ...(text.description || text.ext ? [because(put(schema.groupText.key(app, group), text), { via: 'created' })] : []),
];

/** Adds a group of type 1 to the public list. */
export const putPublic = (app: AppId, group: Group): Step[] =>
  group.type === 1 ? [put(schema.publicGroup.key(app, group.createdAt, group.group), {})] : [];

/**
 * The group passes from its owner to another member. @param leaves the old owner leaves it, too @param joins the new one
 * joins it
 */
export const transferOwner = (
  app: AppId,
  { group, owner, capacity }: Group,
  successor: { user: UserId; wasAdmin: boolean },
  now: number,
  { leaves = false, joins = false } = {},
): Step =>
  because(
    updateGroup(
      app,
      group,
      {
        set: { owner: successor.user, updatedAt: now },
        add: {
          ...(leaves && { count: -1 }),
          ...(joins && { count: 1 }),
          ...(successor.wasAdmin && { admins: -1 }),
        },
      },
      all(equal('status', 'normal'), equal('owner', owner), ...(joins ? [below('count', capacity)] : [])),
    ),
    { reason: leaves ? 'succeeded' : 'transferred' },
  );

/** The group is dissolved, and marked until its clean-up ends. @param count members it must still have */
export const dissolve = (app: AppId, group: Group, { count }: { count?: number } = {}): Step[] => [
  measured(
    'groups_dissolved',
    updateGroup(
      app,
      group.group,
      { set: { status: 'dissolved', count: 0, admins: 0, blocks: 0, ...OUT_OF_INDEX } },
      matches<Group>({ status: 'normal', owner: group.owner, ...(count !== undefined && { count }) }),
    ),
  ),
  put(schema.dissolvedGroup.key(app, group.group), {}),
  ...(group.type === 1 ? [remove(schema.publicGroup.key(app, group.createdAt, group.group))] : []),
];

/**
 * How long the mark of a dissolved group is read after its clean-up (ms). A call may read user memberships before the
 * clean-up removes them, and the marks after its end: within the 10 seconds that a call has. The rest allows for a late
 * write of the mark and for clocks that differ.
 */
const MARK_READ = 60_000;

/**
 * Groups whose members may still have user memberships though they are dissolved. Nearly always few: those whose
 * clean-up runs or has ended within the last minute.
 */
export const dissolvedGroupsOf = (app: AppId, now: number): Query<Set<GroupId>> => ({
  query: {
    partition: schema.dissolvedGroup.partition(app),
    between: [`${schema.cleanedGroup.sk.prefix}${time(now - MARK_READ)}`, `${schema.dissolvedGroup.sk.prefix}~`],
    // Running clean-ups first: one that ends at this moment is then found among the others.
    entryBytes: schema.cleanedGroup.bytes,
    descending: true,
    all: true,
  },
  parse: ({ items }) => new Set(items.map(({ sk }) => Number(String(sk).split('#').at(-1)) as GroupId)),
});
/**
 * Marks that the clean-up has ended. Written before `removeDissolved`, in a transaction of its own: otherwise a Query
 * could miss both marks. @param now ms; just before the write
 */
export const putCleaned = (app: AppId, group: GroupId, now: number): Step =>
  put(schema.cleanedGroup.key(app, now, group), { ttl: Math.ceil((now + MARK_READ) / 1000) });
export const removeDissolved = (app: AppId, group: GroupId): Step => remove(schema.dissolvedGroup.key(app, group));

/** Ids of the public groups of an app, the newest first. */
export const publicGroupsNewestFirst = (app: AppId): Listing<GroupId> => ({
  partition: schema.publicGroup.partition(app),
  order: schema.publicGroup.sk,
  entryBytes: schema.publicGroup.bytes,
  descending: true,
  entry: ({ sk }) => Number(String(sk).split('#')[1]) as GroupId,
});

/** Whether the group exists and is not dissolved. */
export const existenceOf = (app: AppId, group: GroupId): Get<boolean> => ({
  get: schema.group.key(app, group),
  parse: (item) => item?.status === 'normal',
});

/** Proves that the group exists, with these values. */
export const isThere = (app: AppId, group: GroupId, equal: Partial<Group> = {}): Step =>
  requires(schema.group.key(app, group), { status: 'normal', ...equal });

/** What admins may set of a group. */
export type GroupSettings = Partial<
  Pick<Group, 'approval' | 'member_invite' | 'member_modify' | 'history_visible' | 'read_ack' | 'mutedUntil'> & {
    hide_member_info: boolean;
  }
>;

export const changeSettings = (
  app: AppId,
  group: GroupId,
  { hide_member_info: hidden, ...settings }: GroupSettings,
  now: number,
): Step =>
  update(
    schema.group.key(app, group),
    { set: { ...settings, ...(hidden !== undefined && { hide_member_info: hidden || undefined }), updatedAt: now } },
    equal('status', 'normal'),
  );

/** One of the texts that people see of a group. */
export type InfoChange = { name: string } | { avatar: string } | { description: string } | { ext: string };

export const changeInfo = (app: AppId, group: GroupId, change: InfoChange, now: number): Step[] => {
  const key =
    'name' in change || 'avatar' in change ? schema.groupInfo.key(app, group) : schema.groupText.key(app, group);
  const index = 'name' in change && nameIndex(app, group, change.name);
  return [update(key, { set: { ...change, ...index, updatedAt: now } }), isThere(app, group)];
};
