import type { Database } from '../data/database.ts';
import type { Get, Query } from '../data/read.ts';

/** One of several lists that are shown as one. Each has the order of the whole. */
export interface Source<T> {
  /** At most `limit` entries, the newest first: from the beginning, or after `last`. */
  read(limit: number, last: T | undefined): Query<{ entries: T[]; more: boolean }>;
  /** The number of all its entries. */
  count(): Query<number>;
  /** Whether the source is part of the list at all; read with its first entries. */
  there?: Get<boolean>;
}

/** Queries in parallel. */
const AT_ONCE = 25;
/** The least and the most entries of one Query. The least take about as long as one entry. */
const [LEAST, MOST] = [10, 1000];

/**
 * The newest entries of all sources. Reads each source in growing steps until its rest is older than the page, and holds
 * a page and the results of some Queries in memory.
 * @param order compares entries, the newest first
 * @param shows whether an entry is part of the list
 */
export async function newestOf<T, S extends Source<T>>(
  db: Database,
  sources: readonly S[],
  limit: number,
  order: (one: T, other: T) => number,
  shows: (entry: T) => boolean = () => true,
) {
  const readings = sources.map((source) => ({ source, last: undefined as T | undefined, more: true, shown: 0 }));
  let newest: T[] = [];
  let due = readings;
  for (let round = 0; due.length > 0; round++) {
    const share = Math.max(LEAST, Math.ceil((limit + 1) / due.length));
    const entries = Math.min(MOST, share * 2 ** round);
    for (const wave of wavesOf(due)) {
      const read = await db.read(
        wave.map(({ source, last }) => ({
          page: source.read(entries, last),
          there: source.there && round === 0 ? [source.there] : [],
        })),
      );
      for (const [index, reading] of wave.entries()) {
        const { page, there } = read[index]!;
        const gone = there[0] === false;
        const shown = gone ? [] : page.entries.filter(shows);
        reading.more = page.more && !gone;
        reading.last = page.entries.at(-1) ?? reading.last;
        reading.shown += shown.length;
        newest.push(...shown);
      }
      newest = newest.sort(order).slice(0, limit + 1);
    }
    const end = newest[limit];
    due = due.filter(({ more, last }) => more && !(end && last && order(last, end) > 0));
  }
  const entries = newest.slice(0, limit);
  const end = entries.at(-1);
  return {
    entries,
    goesOn: newest.length > limit,
    /** Sources that may have entries after this page. */
    unfinished: readings
      .filter(({ more, last }) => more || (last && end && order(last, end) > 0))
      .map(({ source }) => source),
    /** The number of entries of all sources. Sources that were read to their end are counted without a Query. */
    async total(): Promise<number> {
      let total = readings.reduce((sum, { more, shown }) => sum + (more ? 0 : shown), 0);
      for (const wave of wavesOf(readings.filter(({ more }) => more)))
        for (const count of await db.read(wave.map(({ source }) => source.count()))) total += count;
      return total;
    },
  };
}

const wavesOf = <T>(all: readonly T[]): T[][] =>
  Array.from({ length: Math.ceil(all.length / AT_ONCE) }, (_, nth) => all.slice(nth * AT_ONCE, (nth + 1) * AT_ONCE));
