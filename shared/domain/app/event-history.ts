import { appLog, firstOf, openEventsOf, pagesAfter } from '../../data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import type { RosterEvent } from '../../events/catalogue.ts';
import type { AppId } from '../../ids.ts';
import {
  type ArchivedObject,
  archivedLines,
  archivedObjects,
  type OperatorBucket,
} from '../../storage/operator-object-repo.ts';
import { eventOf } from '../event/entry.ts';
import { readLog } from '../event/log-pages.ts';
import { oldestPage } from '../event/log-reader.ts';

/** Which events are read; all of it may be absent. */
export interface HistoryRange {
  /** Only events after this number. */
  after?: number | undefined;
  /** Only events whose time is not earlier, and those whose time is earlier (ms). */
  since?: number | undefined;
  until?: number | undefined;
}

/** An event is in the log, and in the archive's hour, a day after its change at most: then the stream drops it (ms). */
const LATEST = 25 * 3_600_000;
/** How far the clocks of two functions differ at most (ms). */
const CLOCKS = 60_000;
/** A search for the first page ends with so few events: one more request reads them. */
const NEAR = 50;

const isIn = ({ after = 0, since = 0, until = Number.POSITIVE_INFINITY }: HistoryRange) => {
  return ({ sequence, time }: RosterEvent) => {
    const at = Date.parse(time);
    return Number(sequence) > after && at >= since && at < until;
  };
};

/**
 * Events of an app in their order: from the archive what is older than the feed, then the feed. In memory are one page or
 * one object of it at a time.
 * @param bucket asked for only where the archive is needed
 */
export async function* eventHistory(
  table: OperatorTable,
  bucket: () => OperatorBucket,
  app: AppId,
  range: HistoryRange = {},
): AsyncGenerator<RosterEvent> {
  const { after = 0, since, until = Number.POSITIVE_INFINITY } = range;
  const log = appLog(app);
  const newest = await viewOf(table).read(openEventsOf(app));
  // No event has ever happened: the open page stays for ever.
  if (!newest) return;
  const oldest = await oldestPage(viewOf(table), log, newest, Date.now());
  const first = oldest ? firstOf(oldest) : newest.last + 1;
  const hasAll = after + 1 >= first || (since !== undefined && oldest !== undefined && oldest.at < since - CLOCKS);
  if (!hasAll && first > 1) yield* archivedEvents(bucket(), app, range, first);
  const from = since === undefined ? 0 : await lastBefore(table, app, first, newest.last, since - CLOCKS);
  const wanted = isIn(range);
  for await (const { page, entries } of readLog(viewOf(table), log, Math.max(after, from, first - 1))) {
    yield* entries.map((entry) => eventOf(app, entry)).filter(wanted);
    if (page.at > until + LATEST) return;
  }
}

/**
 * Events of an app in the archive, in their order.
 * @param before only those before this number
 */
export async function* archivedEvents(
  bucket: OperatorBucket,
  app: AppId,
  range: HistoryRange = {},
  before = Number.POSITIVE_INFINITY,
): AsyncGenerator<RosterEvent> {
  const { after = 0, since, until = Number.POSITIVE_INFINITY } = range;
  const wanted = isIn(range);
  for await (const { key, hour } of objectsAfter(bucket, app, after, since)) {
    if (hour > until + LATEST) return;
    const events = (await archivedLines(bucket, key)).map((line) => JSON.parse(line) as RosterEvent);
    yield* events.filter((event) => wanted(event) && Number(event.sequence) < before);
  }
}

/** The objects of an app's archive, but for those that end with an event up to this number. @param since as listed (ms) */
export async function* objectsAfter(bucket: OperatorBucket, app: AppId, after: number, since?: number) {
  let previous: ArchivedObject | undefined;
  for await (const object of archivedObjects(bucket, app, since)) {
    if (previous && object.first > after + 1) yield previous;
    previous = object;
  }
  if (previous) yield previous;
}

/** The number before the first event that may have been appended at a time or later, by a search in the feed. */
async function lastBefore(table: OperatorTable, app: AppId, first: number, newest: number, time: number) {
  let [low, high] = [first - 1, newest];
  while (high - low > NEAR) {
    const middle = Math.floor((low + high) / 2);
    const [page] = await viewOf(table).read(pagesAfter(appLog(app), middle, 1));
    if (page && page.at < time) low = page.last;
    else high = middle;
  }
  return low;
}
