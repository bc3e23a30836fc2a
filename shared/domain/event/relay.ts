import { createHash, randomUUID } from 'node:crypto';
import { transact } from '../../call/transact.ts';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import {
  append,
  appLog,
  type GroupLogState,
  groupLog,
  movePosition,
  type OpenChangePage,
  openChangesOf,
  openEventsOf,
  positionOf,
} from '../../data/log-repo.ts';
import type { EventData } from '../../events/catalogue.ts';
import type { Fact } from '../../events/facts.ts';
import type { AppId, GroupId } from '../../ids.ts';
import type { EventEntry } from './entry.ts';
import { withoutErased } from './late-events.ts';

/** What a change of an item tells. */
interface Told {
  partition: string;
  facts: Fact[];
}

/** A record of the table's stream that tells something. */
export interface ToldRecord extends Told {
  /** Ascends within the partition. */
  sequenceNumber: string;
}

/** What the stream has lost, found by a comparison of log and table. */
export interface LostRecord extends Told {
  /** The group's members that the log has told, where it has not told of the group itself. */
  members?: number;
}

/** Records of one transaction: each takes two items of its own at most, and a transaction holds 100. */
const AT_ONCE = 40;
const DAY = 86_400;
/** Marks older than a call lasts, clocks that differ included, are of no use but for the newest of them (ms). */
const MARKS_KEPT = 15_000;
/** The least time between two marks (ms). */
const MARKS_APART = 1000;

/**
 * Numbers what happened in one app, and appends it to the log of the app and those of its groups. Records of one partition
 * come in their order, some of them again after a failure: those that the logs have are recognized by their position in
 * the stream, which the same transaction moves. So no event is lost, doubled or moved, wherever a run is cut off.
 * @returns how many events were appended
 */
export async function relay(db: Database, app: AppId, records: readonly ToldRecord[]): Promise<number> {
  const inOrder = (await whoseUsersRemain(db, app, records)).toSorted(
    (one, other) => Number(other.facts.some(begins)) - Number(one.facts.some(begins)),
  );
  let appended = 0;
  for (let from = 0; from < inOrder.length; from += AT_ONCE)
    appended += (await appendSome(db, app, inOrder.slice(from, from + AT_ONCE)))!;
  return appended;
}

/** An erasure waits for longer than that before it looks at the events of the user (ms). */
const LATE = 20_000;

/** The records, without users who have been erased since: only where they come late, so that nothing else costs a read. */
async function whoseUsersRemain(
  db: Database,
  app: AppId,
  records: readonly ToldRecord[],
): Promise<readonly ToldRecord[]> {
  const late = Date.now() - LATE;
  if (!records.some(({ facts }) => facts.some(({ stamp }) => stamp.at < late))) return records;
  const events = records.flatMap(({ facts }) =>
    facts.map(({ type, data, stamp }) => ({
      ...{ type, data, authtype: stamp.type },
      authid: stamp.id === undefined ? undefined : String(stamp.id),
    })),
  );
  const remaining = (await withoutErased(db, app, events)).values();
  return records.map((record) => ({
    ...record,
    facts: record.facts.map((fact) => {
      const { data, authid } = remaining.next().value!;
      return {
        ...fact,
        data: data as Fact['data'],
        stamp: { ...fact.stamp, ...(authid !== undefined && { id: authid }) },
      };
    }),
  }));
}

/**
 * Appends what the stream has lost, as long as this is all that the log gets.
 * @param last number of the last event that was in the log at the time of the comparison
 * @returns how many events were appended; undefined where another came first: compare again
 */
export async function repair(
  db: Database,
  app: AppId,
  records: readonly LostRecord[],
  last: number,
): Promise<number | undefined> {
  let appended = 0;
  for (let from = 0; from < records.length; from += AT_ONCE) {
    const more = await appendSome(db.beside(), app, records.slice(from, from + AT_ONCE), last + appended);
    if (more === undefined) return undefined;
    appended += more;
  }
  return appended;
}

/** The first record of its partition: a group comes before its members, which lie in another one, where it can. */
const begins = ({ type }: Fact) => type === 'group.created';

/** @param after append nothing, and return undefined, where this is not the last event of the log */
async function appendSome(
  db: Database,
  app: AppId,
  records: readonly (ToldRecord | (LostRecord & { sequenceNumber?: undefined }))[],
  after?: number,
): Promise<number | undefined> {
  const partitions = [...new Set(records.map(({ partition }) => partition))];
  const groups = [...new Set(partitions.flatMap((partition) => groupOfPartition(partition) ?? []))];
  const others = partitions.filter((partition) => groupOfPartition(partition) === undefined);
  const reads = {
    app: appOf(app),
    log: openEventsOf(app),
    groups: groups.map((group) => openChangesOf(app, group)),
    positions: others.map(positionOf),
  };
  await db.load([reads]);
  return transact<typeof reads, number | undefined>(db, reads, (read) => {
    const days = read.app ? limitsOf(read.app).event_days : 0;
    // Its feed is off. A deleted app has no feed either.
    if (days === 0) return { steps: [], answer: () => 0 };
    if (after !== undefined && after !== (read.log?.last ?? 0)) return { steps: [], answer: () => undefined };
    const now = Date.now();
    const states = new Map(groups.map((group, index) => [group, read.groups[index]]));
    const seen = (partition: string) => {
      const group = groupOfPartition(partition);
      return group === undefined
        ? read.positions[others.indexOf(partition)]?.seen
        : states.get(group)?.seen[partNameOf(partition)];
    };
    const fresh = records.filter(
      ({ partition, sequenceNumber }) => sequenceNumber === undefined || isAfter(sequenceNumber, seen(partition)),
    );
    let number = read.log?.last ?? 0;
    const members = new Map(groups.map((group) => [group, states.get(group)?.members]));
    for (const record of records) {
      const group = groupOfPartition(record.partition);
      if (group !== undefined && 'members' in record && record.members !== undefined)
        members.set(group, members.get(group) ?? record.members);
    }
    const entries = fresh.flatMap((record) =>
      record.facts.map((fact, index) => ({
        group: groupOfPartition(record.partition),
        entry: entryOf(record, fact, index, ++number, members),
      })),
    );
    if (entries.length === 0) return { steps: [], answer: () => 0 };
    /** Where the last of them is, by partition. */
    const moved = new Map(
      fresh.flatMap(({ partition, sequenceNumber: at }) => (at === undefined ? [] : [[partition, at]])),
    );
    const keep = days * DAY;
    return {
      steps: [
        ...append(
          appLog(app),
          read.log,
          entries.map(({ entry }) => entry),
          now,
          keep,
        ),
        ...groups.flatMap((group) => {
          const own = entries.filter((of) => of.group === group).map(({ entry }) => entry);
          if (own.length === 0) return [];
          const was = states.get(group);
          const ofGroup = [...moved].filter(([partition]) => groupOfPartition(partition) === group);
          const state: GroupLogState = {
            seen: {
              ...was?.seen,
              ...Object.fromEntries(ofGroup.map(([partition, at]) => [partNameOf(partition), at])),
            },
            ...(members.get(group) !== undefined && { members: members.get(group) }),
            marks: was ? marksAfter(was, now) : [],
          };
          return append(groupLog(app, group), was, own, now, keep, state);
        }),
        ...others.flatMap((partition, index) => {
          const at = moved.get(partition);
          return at === undefined ? [] : [movePosition(partition, read.positions[index], at, now)];
        }),
      ],
      answer: () => entries.length,
    };
  });
}

/** Sequence numbers of the stream are long decimal numbers. */
const isAfter = (one: string, other: string | undefined): boolean => other === undefined || BigInt(one) > BigInt(other);

/** The group whose partition it is: `G#shop#77`, `G#shop#77#R`. */
function groupOfPartition(partition: string): GroupId | undefined {
  const [kind, , group] = partition.split('#');
  return kind === 'G' ? (Number(group) as GroupId) : undefined;
}
/** What tells the partitions of one group apart. */
const partNameOf = (partition: string) => partition.split('#')[3] ?? '#';

function entryOf(
  { partition, sequenceNumber = randomUUID() }: { partition: string; sequenceNumber?: string | undefined },
  { type, data, stamp }: Fact,
  index: number,
  sequence: number,
  members: Map<GroupId, number | undefined>,
): EventEntry {
  const { at, type: authtype, cause } = stamp;
  // Who registers or logs in is signed in only by that.
  const authid = stamp.id ?? (authtype === 'user' && 'user_id' in data ? data.user_id : undefined);
  return {
    // The same however often the record comes.
    id: createHash('sha256').update(`${partition} ${sequenceNumber} ${index}`).digest('base64url').slice(0, 22),
    sequence,
    type,
    at,
    authtype,
    ...(authid !== undefined && { authid: String(authid) }),
    cause,
    data: counted(type, data, members),
  };
}

/** Members come and go by events only, so their number follows from a log that began with its group. */
function counted(type: Fact['type'], data: Fact['data'], members: Map<GroupId, number | undefined>): Fact['data'] {
  if (type === 'group.created') {
    const { group_id: group } = data as EventData['group.created'];
    members.set(group as GroupId, members.get(group as GroupId) ?? 0);
  }
  if (type !== 'group.member.added' && type !== 'group.member.removed') return data;
  const { group_id, ...rest } = data as EventData['group.member.added'] | EventData['group.member.removed'];
  const group = group_id as GroupId;
  // The first member of a new group may come before the group itself.
  const before = members.get(group) ?? ('via' in rest && rest.via === 'created' ? 0 : undefined);
  if (before === undefined) return data;
  const count = before + (type === 'group.member.added' ? 1 : -1);
  members.set(group, count);
  return { ...data, count } as Fact['data'];
}

/** Numbers that a list may answer as its version, with the times when their events were appended. */
function marksAfter({ last, at, marks }: OpenChangePage, now: number): GroupLogState['marks'] {
  const [, newest] = marks.at(-1) ?? [0, 0];
  const all = at - newest >= MARKS_APART ? [...marks, [last, at] as [number, number]] : marks;
  const old = all.findLastIndex(([, time]) => time < now - MARKS_KEPT);
  return all.slice(Math.max(0, old));
}
