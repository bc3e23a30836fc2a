import type { Database } from '../../data/database.ts';
import { type EventPage, entriesOf, firstOf, type Log, pagesAfter } from '../../data/log-repo.ts';
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

/**
 * Reads a log page by page: all events after a number, up to the newest one at the end. An event that moves from the open
 * page to a closed one meanwhile is neither missed nor read twice.
 */
export async function* readLog(db: Database, log: Log, after: number): AsyncGenerator<LogPart> {
  let last = after;
  /** Where a part of the log was not seen: it has moved meanwhile, or it has expired. */
  let missed: number | undefined;
  for (;;) {
    // A view of its own, whose cache goes with it.
    const pages = await db.beside().read(pagesAfter(log, last, AT_ONCE));
    const newest = pages.at(-1);
    for (const page of pages) {
      const lost = firstOf(page) - (last + 1);
      if (lost > 0 && missed !== last) {
        missed = last;
        break;
      }
      if (page.last <= last) continue;
      last = page.last;
      const entries = page.count > 0 ? entriesOf<EventEntry>(page).slice(Math.max(0, -lost)) : [];
      if (entries.length > 0 || lost > 0) yield { page, entries, lost: Math.max(0, lost) };
    }
    if (newest === undefined || (newest.sk === log.open.sk && newest.last <= last)) return;
  }
}
