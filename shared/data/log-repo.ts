import type { AppId, GroupId } from '../ids.ts';
import type { Key } from './entity.ts';
import { unchanged } from './expression.ts';
import { asRecord, type Get, getItem, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, type Step, update } from './step.ts';

/** Logs of events: one of each app, and one of each group. */

/** A log: where its pages lie. */
export interface Log {
  open: Key;
  /** The key of the closed page that ends with this number. */
  closed: (last: number) => Key;
  /** The last number whose page may lie in the partition of the page with this one. */
  endOfPartition: (number: number) => number;
}

const MILLION = 1_000_000;
const millionOf = (number: number) => Math.floor((number - 1) / MILLION);

export const appLog = (app: AppId): Log => ({
  open: schema.openEventPage.key(app),
  closed: (last) => schema.eventPage.key(app, millionOf(last), last),
  endOfPartition: (number) => (millionOf(number) + 1) * MILLION,
});
export const groupLog = (app: AppId, group: GroupId): Log => ({
  open: schema.openChangePage.key(app, group),
  closed: (last) => schema.changePage.key(app, group, last),
  endOfPartition: () => Number.POSITIVE_INFINITY,
});

export type EventPage = ItemOf<typeof schema.eventPageFields> & { sk: string; ttl?: number };
/** What the open page of a group knows besides events. */
export type GroupLogState = Pick<ItemOf<typeof schema.openChangePageFields>, 'seen' | 'members' | 'marks'>;
export type OpenChangePage = EventPage & GroupLogState;

/** The open page of a log; undefined before its first event. */
export const openPageOf = (log: Log): Get<EventPage | undefined> => getItem(log.open);
/** The same of an app. */
export const openEventsOf = (app: AppId) => openPageOf(appLog(app));
/** The same of a group. */
export const openChangesOf = (app: AppId, group: GroupId): Get<OpenChangePage | undefined> =>
  getItem(groupLog(app, group).open);

/** The closed page of an app's log that ends with this number. */
export const closedEventsOf = (app: AppId, last: number): Get<EventPage | undefined> =>
  getItem(appLog(app).closed(last));

/** How far the stream of a partition has been read: the sequence number of its last record that told events. */
export const positionOf = (partition: string): Get<{ seen: string } | undefined> =>
  getItem(schema.streamPosition.key(partition));

/** The stream keeps its records for a day: nothing comes again after two (s). */
const POSITION_KEPT = 2 * 86_400;
/** @param was the position as it was read @param now ms */
export const movePosition = (partition: string, was: { seen: string } | undefined, seen: string, now: number): Step =>
  put(
    schema.streamPosition.key(partition),
    { seen, ttl: Math.ceil(now / 1000) + POSITION_KEPT },
    unchanged(was, 'seen'),
  );

/** Loaded only where events are written or read. */
const zlib = () => process.getBuiltinModule('node:zlib');
const packed = (entries: readonly unknown[]): string =>
  zlib().deflateRawSync(JSON.stringify(entries)).toString('base64');
/** The events of a page, the oldest first. */
export const entriesOf = <E>({ events }: Pick<EventPage, 'events'>): E[] =>
  JSON.parse(zlib().inflateRawSync(Buffer.from(events, 'base64')).toString());

/** The number of the first event of a page. */
export const firstOf = ({ last, count }: Pick<EventPage, 'last' | 'count'>): number => last - count + 1;
/** The events of a page after a number. */
export const entriesAfter = <E>(page: EventPage, after: number): E[] =>
  entriesOf<E>(page).slice(Math.max(0, after + 1 - firstOf(page)));

/** The open page grows to this many bytes. A write costs a unit per kilobyte, names and numbers of the page included. */
const FULL = 850;

/**
 * Appends events to a log. The condition is that no other write has appended any since the open page was read.
 * @param keep how long the events can be read (s) @param state further attributes of the open page
 */
export function append(
  log: Log,
  was: EventPage | undefined,
  entries: readonly unknown[],
  now: number,
  keep: number,
  state: Partial<GroupLogState> = {},
): Step[] {
  const last = (was?.last ?? 0) + entries.length;
  const all = [...(was && was.count > 0 ? entriesOf(was) : []), ...entries];
  // The events too, since operators may remove a name from them.
  const asRead = unchanged(was, 'last', 'events');
  const page = (last: number, events: unknown[]) =>
    ({ last, count: events.length, events: packed(events), at: now }) satisfies Partial<EventPage>;
  const open = page(last, all);
  const end = log.endOfPartition(last - all.length + 1);
  if (last < end && open.events.length + JSON.stringify(state).length <= FULL)
    return [put(log.open, { ...open, ...state }, asRead)];
  // A day more, so that no event goes before its time.
  const ttl = Math.ceil(now / 1000) + keep + 86_400;
  // No page lies in two partitions.
  const rest = Math.max(0, last - end);
  const closed = page(last - rest, all.slice(0, all.length - rest));
  const left = page(last, all.slice(all.length - rest));
  return [put(log.closed(closed.last), { ...closed, ttl }), put(log.open, { ...left, ...state }, asRead)];
}

/** Pages read at once, of about a kilobyte each. A page holds one event at least, and four or more mostly. */
const [FEWEST, MOST] = [2, 100];

/**
 * Closed pages with events after a number, the oldest first: enough for some `limit` events, of one partition. The open
 * page may have more.
 */
export const pagesAfter = (log: Log, after: number, limit: number): Query<EventPage[]> => {
  const { pk, sk } = log.closed(after + 1);
  return {
    query: {
      partition: pk,
      between: [sk, '9'.repeat(sk.length)],
      limit: Math.min(MOST, Math.max(FEWEST, Math.ceil(limit / 4))),
    },
    parse: ({ items }) => items.map(asRecord<EventPage>),
  };
};

/** The newest closed pages up to a number, the newest first, of one partition. */
export const pagesBefore = (log: Log, last: number, limit: number): Query<EventPage[]> => {
  const { pk, sk } = log.closed(Math.max(1, last));
  return {
    query: { partition: pk, between: ['0', sk], descending: true, limit },
    parse: ({ items }) => items.map(asRecord<EventPage>),
  };
};

/** Whether the events of a page are kept at `now` (ms). */
export const isKept = ({ ttl = Number.POSITIVE_INFINITY }: EventPage, now: number): boolean => ttl * 1000 > now;

/**
 * The page with other entries in the place of its own: as many, so that none counts as new. Refused where the page has
 * changed meanwhile.
 */
export const rewritten = (log: Log, page: EventPage, entries: readonly unknown[]): Step => {
  const key = page.sk === log.open.sk ? log.open : log.closed(page.last);
  return update(key, { set: { events: packed(entries) } }, unchanged(page, 'last', 'events'));
};
