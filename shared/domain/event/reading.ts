import type { Call } from '../../call/call.ts';
import { Beside, fitting } from '../../call/page.ts';
import {
  appLog,
  type EventPage,
  entriesOf,
  firstOf,
  groupLog,
  isKept,
  oldestPage,
  openChangesOf,
  openEventsOf,
  pagesAfter,
} from '../../data/log-repo.ts';
import { ADMIN_ROLE } from '../../data/membership-repo.ts';
import { pause } from '../../deadline.ts';
import { badParameter, EventsGone } from '../../errors.ts';
import { type EventPattern, selects } from '../../events/catalogue.ts';
import type { GroupId, UserId } from '../../ids.ts';
import { groupRead } from '../group/command.ts';
import { type EventEntry, eventOf, sequenceText } from './entry.ts';

/** Which events a reader wants; absent: all. */
export interface EventFilter {
  types?: string[] | undefined;
  group_id?: GroupId | undefined;
  user_id?: UserId | undefined;
}

/** Fields of `data` that name a user whom the event is about. */
const USERS = ['user_id', 'friend_id', 'blocked_id', 'owner_id', 'previous_owner_id', 'author', 'uploader'];

/** Whether a reader wants the event. */
export function wants({ types, group_id, user_id }: EventFilter, { type, data }: Pick<EventEntry, 'type' | 'data'>) {
  const of = data as Record<string, unknown>;
  return (
    (types === undefined || types.some((pattern) => selects(pattern as EventPattern, type))) &&
    (group_id === undefined || of.group_id === group_id) &&
    (user_id === undefined || USERS.some((name) => of[name] === user_id))
  );
}

/** An event with its number in the log. */
export interface Numbered {
  number: number;
  entry: EventEntry;
}

/**
 * The events of pages after a number, without a gap: where one has moved from the open page to a closed one between two
 * reads, the rest is left to the next call.
 * @param after undefined: from the oldest that is kept
 * @returns undefined where the next event is not kept any more
 */
function eventsAfter(pages: EventPage[], after: number | undefined, now: number): Numbered[] | undefined {
  const found: Numbered[] = [];
  let last = after;
  for (const page of pages) {
    if (page.count === 0 || !isKept(page, now)) continue;
    const first = firstOf(page);
    last ??= first - 1;
    if (first > last + 1) return found.length > 0 ? found : undefined;
    const entries = entriesOf<EventEntry>(page).slice(last + 1 - first);
    found.push(...entries.map((entry, index) => ({ number: last! + 1 + index, entry })));
    last = page.last;
  }
  return found;
}

/**
 * The same, told from events that are only not yet seen: pages and head are read at the same time, and an event may have
 * come or moved meanwhile.
 * @throws EventsGone
 */
export async function eventsRead(
  { db, now }: Pick<Call, 'db' | 'now'>,
  log: Parameters<typeof oldestPage>[0],
  { pages, head }: { pages: EventPage[]; head: EventPage | undefined },
  after: number | undefined,
): Promise<Numbered[]> {
  const events = eventsAfter(pages, after, now);
  const newest = head?.last ?? 0;
  if (events && (events.length > 0 || (after ?? 0) >= newest)) return events;
  const oldest = await db.read(oldestPage(log, now));
  if (after === undefined) return oldest ? (eventsAfter([oldest], undefined, now) ?? []) : [];
  if (after > newest || !oldest || firstOf(oldest) > after + 1) throw new EventsGone(oldest && firstOf(oldest));
  return [];
}

/** At most `limit` of the events that are wanted, and the number of the last one that was looked at. */
function chosen(events: Numbered[], limit: number, wanted: (entry: EventEntry) => boolean) {
  const matching = events.filter(({ entry }) => wanted(entry));
  const shown = matching.slice(0, limit);
  return { shown, last: (matching.length > limit ? shown : events).at(-1)?.number };
}

/** Time between two looks for new events (ms). */
const LOOK_AGAIN = 200;
/** Events looked at where a filter may leave out most. */
const LOOKED_AT = 1000;

/**
 * Events of the app after a number, or from the oldest that is kept.
 * @throws ApiError badParameter (after), eventsGone where the next event is not kept any more, or the app has none
 */
export async function eventList(
  call: Call,
  { after: given, limit, wait, ...filter }: EventFilter & { after?: number | undefined; limit: number; wait: number },
) {
  const log = appLog(call.app);
  const most = Object.values(filter).some((value) => value !== undefined) ? LOOKED_AT : limit;
  const head = openEventsOf(call.app);
  const readsAfter = (number: number) => ({ head, pages: pagesAfter(log, number, most) });
  const end = call.now + wait * 1000;
  let after = given;
  let read = await call.open(readsAfter(after ?? 0));
  if (call.limits.event_days === 0) throw new EventsGone(undefined, 'the app has no events');
  if (after !== undefined && after > (read.head?.last ?? 0))
    throw badParameter('after', 'no event has this number yet');
  for (;;) {
    const newest = read.head?.last ?? 0;
    const events = await eventsRead(call, log, read, after);
    const { shown, last = after ?? 0 } = chosen(events, limit, (entry) => wants(filter, entry));
    after = last;
    if (shown.length > 0 || after < newest || Date.now() >= end) {
      const data = shown.map(({ entry }) => eventOf(call.app, entry));
      const fit = fitting(data);
      const next = fit < data.length ? shown[fit - 1]!.number : after;
      return new Beside(data.slice(0, fit), { next: sequenceText(next), head: sequenceText(newest) });
    }
    let now: EventPage | undefined;
    do {
      await pause(Math.min(LOOK_AGAIN, Math.max(0, end - Date.now())));
      now = (await call.db.read([head] as const))[0];
    } while ((now?.last ?? 0) === newest && Date.now() < end);
    read = await call.db.read(readsAfter(after));
  }
}

/** What only admins see of a group's changes, like the lists of it. */
const FOR_ADMINS = ['group.application.*', 'group.invitation.*', 'group.user.*'] as const;
/** And where the group hides its members from each other. */
const OF_MEMBERS = ['group.member.*'] as const;

/**
 * Changes of a group after a version, as its log has them.
 * @throws ApiError groupMissing, needsMember, eventsGone where the changes after `version` are not kept any more
 */
export async function groupChanges(
  call: Call,
  { group_id: id, version, limit }: { group_id: GroupId; version: number; limit: number },
) {
  const log = groupLog(call.app, id);
  const reads = { head: openChangesOf(call.app, id), pages: pagesAfter(log, version, limit) };
  const { actor, group, records } = await groupRead(call, id, 'changes', reads);
  if (call.limits.event_days === 0) throw new EventsGone(undefined, 'the app has no events');
  const head = records.head?.last ?? 0;
  if (version > head) throw new EventsGone();
  const events = await eventsRead(call, log, records, version);
  const hidden = actor.role >= ADMIN_ROLE ? [] : [...FOR_ADMINS, ...(group.hide_member_info ? OF_MEMBERS : [])];
  const sees = ({ type, data }: EventEntry) =>
    !hidden.some((pattern) => selects(pattern, type)) || ('user_id' in data && data.user_id === actor.user);
  const { shown, last = version } = chosen(events, limit, sees);
  return new Beside(
    shown.map(({ entry }) => eventOf(call.app, entry)),
    { version: last, head },
  );
}
