import type { Key } from './keys.ts';
import { flat, type Get, isGet, keyText, type Query, type Read, type Reads, UNIT } from './read.ts';

interface ReadPlan {
  keys: Key[];
  /** Queries, each with the most entries that it may read now. */
  queries: [read: Query<unknown>, entries: number][];
  /** What is not read now. */
  left: Read<unknown>[];
}

/**
 * Plans a round trip that costs at most so many read units: items in their order as far as that suffices, then the first
 * entries of each Query.
 */
export function planReads(reads: readonly Reads[], units: number): ReadPlan {
  const bounded = Number.isFinite(units);
  const plan: ReadPlan = { keys: [], queries: [], left: [] };
  const gets = new Map<string, Get<unknown>>();
  const queries: Query<unknown>[] = [];
  for (const read of reads.flatMap(flat)) {
    if (isGet(read)) gets.set(keyText(read.get), read);
    else if (bounded && read.query.entryBytes === undefined) plan.left.push(read);
    else queries.push(read);
  }
  let remaining = units;
  for (const read of gets.values()) {
    const cost = Math.ceil((read.bytes ?? UNIT) / UNIT);
    if (cost > remaining) plan.left.push(read);
    else {
      remaining -= cost;
      plan.keys.push(read.get);
    }
  }
  for (const [index, read] of queries.entries()) {
    let { limit: entries = Number.POSITIVE_INFINITY } = read.query;
    if (bounded) {
      const bytes = read.query.entryBytes ?? 0;
      const share = Math.floor(remaining / (queries.length - index));
      entries = Math.min(entries, Math.floor((share * UNIT) / bytes));
      remaining -= Math.ceil((entries * bytes) / UNIT);
    }
    if (entries > 0) plan.queries.push([read, entries]);
    else plan.left.push(read);
  }
  return plan;
}
