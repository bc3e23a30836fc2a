import type { Database } from '../../data/database.ts';
import { type EventPage, entriesAfter, firstOf, type Log, openPageOf, pagesAfter } from '../../data/log-repo.ts';
import { pause } from '../../deadline.ts';
import type { EventEntry } from './entry.ts';

/** Events of one page of a log, the oldest first. */
export interface LogPart {
  page: EventPage;
  entries: EventEntry[];
  /** Events before these that the log no longer has. */
  lost: number;
}

/** Events that are asked for at once. */
const AT_ONCE = 400;
/** Time after which all items of a transaction are visible that has shown one of them (ms). */
const SETTLED = 100;

/**
 * Reads a log page by page: all events after a number, up to the newest one. An event that moves from the open page to a
 * closed one meanwhile is neither missed nor read twice.
 */
export async function* readLog(db: Database, log: Log, after: number): AsyncGenerator<LogPart> {
  let last = after;
  let lost = 0;
  /** Where the log seemed to have a gap. */
  let missed: number | undefined;
  for (;;) {
    // A view of its own each time, whose cache goes with it.
    const head = await db.beside().read(openPageOf(log));
    if (!head || head.last <= last) {
      if (head && lost > 0) yield { page: head, entries: [], lost };
      return;
    }
    const inHead = firstOf(head) <= last + 1;
    const pages = inHead ? [head] : await db.beside().read(pagesAfter(log, last, AT_ONCE));
    const next = pages[0] ? firstOf(pages[0]) : Math.min(firstOf(head), log.endOfPartition(last + 1) + 1);
    if (next > last + 1) {
      if (missed !== last) {
        missed = last;
        await pause(SETTLED);
        continue;
      }
      lost += next - last - 1;
      last = next - 1;
    }
    for (const page of pages) {
      if (firstOf(page) > last + 1) break;
      const entries = entriesAfter<EventEntry>(page, last);
      last = page.last;
      yield { page, entries, lost };
      lost = 0;
    }
    if (inHead) return;
  }
}
