import type { Call } from '../../call/call.ts';
import { type EventPage, entriesOf, firstOf, isKept, oldestPage } from '../../data/log-repo.ts';
import { EventsGone } from '../../errors.ts';
import type { EventEntry } from './entry.ts';

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
