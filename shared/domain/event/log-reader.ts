import type { Call } from '../../call/call.ts';
import { fitting } from '../../call/page.ts';
import type { Database } from '../../data/database.ts';
import { type EventPage, entriesAfter, firstOf, isKept, type Log, pagesAfter } from '../../data/log-repo.ts';
import { EventsGone } from '../../errors.ts';
import type { RosterEvent } from '../../events/catalogue.ts';
import type { AppId } from '../../ids.ts';
import { type EventEntry, eventOf } from './entry.ts';

/** Reading of the logs of events: for calls, functions in the background and operators. */

/** An event with its number in the log. */
export interface Numbered {
  number: number;
  entry: EventEntry;
}

/**
 * The events of pages after a number, without a gap: where one has moved from the open page to a closed one between two
 * reads, the rest is left to the next call.
 * @returns undefined where the next event is not among them
 */
function eventsAfter(pages: EventPage[], after: number, now: number): Numbered[] | undefined {
  const found: Numbered[] = [];
  let last = after;
  for (const page of pages) {
    if (page.last <= last || page.count === 0 || !isKept(page, now)) continue;
    if (firstOf(page) > last + 1) return found.length > 0 ? found : undefined;
    for (const entry of entriesAfter<EventEntry>(page, last)) found.push({ number: ++last, entry });
  }
  return found;
}

/**
 * The oldest page that is kept at `now` (ms), by halving: pages that the database has not removed yet, and partitions that
 * it has emptied, come before it.
 */
export async function oldestPage(db: Database, log: Log, head: EventPage | undefined, now: number) {
  let oldest = head && head.count > 0 ? head : undefined;
  let [from, to] = [1, head ? firstOf(head) : 1];
  for (let probe = 1; from < to; probe = Math.floor((from + to) / 2)) {
    const [page] = await db.read(pagesAfter(log, probe - 1, 1));
    if (page && isKept(page, now)) {
      oldest = page;
      to = Math.min(probe, firstOf(page));
    } else from = (page?.last ?? log.endOfPartition(probe)) + 1;
  }
  return oldest;
}

/**
 * The events after a number, or from the oldest that is kept.
 * @returns none where they are only not yet seen: pages and head are read at the same time, and events move meanwhile
 * @throws EventsGone
 */
export async function eventsRead(
  { db, now }: Pick<Call, 'db' | 'now'>,
  log: Log,
  { pages, head }: { pages: EventPage[]; head: EventPage | undefined },
  after: number | undefined,
): Promise<Numbered[]> {
  const read = head ? [...pages, head] : pages;
  const events = eventsAfter(read, after ?? 0, now);
  if (events && (events.length > 0 || (after ?? 0) >= (head?.last ?? 0))) return events;
  const oldest = await oldestPage(db, log, head, now);
  if (after === undefined) return oldest ? (eventsAfter([oldest, ...read], firstOf(oldest) - 1, now) ?? []) : [];
  if (!oldest || firstOf(oldest) > after + 1) throw new EventsGone(oldest && firstOf(oldest));
  return [];
}

/**
 * At most `limit` of the events that are wanted, as far as one answer holds them, and the number of the last one that was
 * looked at.
 */
export function chosen(
  app: AppId,
  events: Numbered[],
  limit: number,
  wanted: (entry: EventEntry) => boolean,
): { data: RosterEvent[]; last: number | undefined } {
  const matching = events.filter(({ entry }) => wanted(entry));
  const data = matching.slice(0, limit).map(({ entry }) => eventOf(app, entry));
  const fit = fitting(data);
  return { data: data.slice(0, fit), last: (fit < matching.length ? matching[fit - 1] : events.at(-1))?.number };
}
