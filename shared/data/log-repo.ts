import type { AppId, GroupId } from '../ids.ts';
import type { Key } from './entity.ts';
import { above, absent, any, unchanged } from './expression.ts';
import { asRecord, type Get, getItem, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, type Step, update } from './step.ts';

/** Logs of events: one of each app, and one of each group. */

/** A log: where its pages lie. */
export interface Log {
  partition: string;
  open: Key;
  closed: (last: number) => Key;
}

export const appLog = (app: AppId): Log => ({
  partition: schema.eventPage.partition(app),
  open: schema.openEventPage.key(app),
  closed: (last) => schema.eventPage.key(app, last),
});
export const groupLog = (app: AppId, group: GroupId): Log => ({
  partition: schema.changePage.partition(app, group),
  open: schema.openChangePage.key(app, group),
  closed: (last) => schema.changePage.key(app, group, last),
});

export type EventPage = ItemOf<typeof schema.eventPageFields> & { sk: string; ttl?: number };
/** What the open page of a group knows besides events. */
export type GroupLogState = Pick<ItemOf<typeof schema.openChangePageFields>, 'seen' | 'members' | 'marks'>;
export type OpenChangePage = EventPage & GroupLogState;

/** The open page of an app's log; undefined before its first event. */
export const openEventsOf = (app: AppId): Get<EventPage | undefined> => getItem(appLog(app).open);
/** The same of a group. */
export const openChangesOf = (app: AppId, group: GroupId): Get<OpenChangePage | undefined> =>
  getItem(groupLog(app, group).open);

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

/** The open page grows to this many bytes. A write costs a unit per kilobyte, names and numbers of the page included. */
const FULL = 850;

/**
 * Appends events to a log. The condition is that no other write has appended any since the open page was read.
 * @param keep how long the events can be read (s) @param state further attributes of the open page
 */
export function append(
  { open, closed }: Log,
  was: EventPage | undefined,
  entries: readonly unknown[],
  now: number,
  keep: number,
  state: Partial<GroupLogState> = {},
): Step[] {
  const last = (was?.last ?? 0) + entries.length;
  const tail = was && was.count > 0 ? entriesOf(was) : [];
  const all = [...tail, ...entries];
  const page = { last, count: all.length, appended: entries.length, events: packed(all), at: now };
  // The events too: `rewritten` may have changed them meanwhile.
  const asRead = unchanged(was, 'last', 'events');
  if (page.events.length + JSON.stringify(state).length <= FULL) return [put(open, { ...page, ...state }, asRead)];
  // A day more, so that no event goes before its time.
  const ttl = Math.ceil(now / 1000) + keep + 86_400;
  return [
    put(closed(last), { ...page, ttl }),
    put(open, { last, count: 0, appended: 0, events: packed([]), at: now, ...state }, asRead),
  ];
}

/** The events that the last write of a page appended. Undefined where it only emptied the page. */
export const appendedTo = <E>(page: EventPage): E[] =>
  page.appended > 0 ? entriesOf<E>(page).slice(-page.appended) : [];

/** Pages read at once, of about a kilobyte each. A page holds one event at least, and four or more mostly. */
const [FEWEST, MOST] = [2, 100];

/** Pages with events after a number, the oldest first: enough for some `limit` events. */
export const pagesAfter = (log: Log, after: number, limit: number): Query<EventPage[]> => ({
  query: {
    partition: log.partition,
    between: [log.closed(after + 1).sk, '~'],
    limit: Math.min(MOST, Math.max(FEWEST, Math.ceil(limit / 4))),
  },
  parse: ({ items }) => items.map(asRecord<EventPage>),
});

/** The oldest page that is kept at `now` (ms), read over at most so many that the database has not removed yet. */
const MOST_EXPIRED = 1000;
export const oldestPage = (log: Log, now: number): Query<EventPage | undefined> => ({
  query: {
    partition: log.partition,
    between: ['0', '~'],
    filter: any(absent('ttl'), above('ttl', Math.floor(now / 1000))),
    limit: MOST_EXPIRED,
    all: true,
  },
  parse: ({ items }) => items.map(asRecord<EventPage>).find(({ count }) => count > 0),
});

/** Whether the events of a page are kept at `now` (ms). */
export const isKept = ({ ttl = Number.POSITIVE_INFINITY }: EventPage, now: number): boolean => ttl * 1000 > now;

/**
 * The page with other entries in the place of its own. It appends none, so they are not sent again.
 * Refused where the page has changed meanwhile.
 */
export const rewritten = ({ partition }: Log, page: EventPage, entries: readonly unknown[]): Step =>
  update({ pk: partition, sk: page.sk }, { set: { events: packed(entries), appended: 0 } }, unchanged(page, 'events'));
