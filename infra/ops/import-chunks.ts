import { SHARDS } from '../../shared/data/counter-repo.ts';
import { kindOf, type Line } from '../../shared/domain/app/lines/kinds.ts';
import type { Numbered } from '../../shared/domain/app/lines/line.ts';

/** Lines that are imported together: those of 32 users or members fit into one or two transactions. */
export const CHUNK = 32;
/** Chunks that are imported at the same time: each has a shard of the app's counters to itself. */
const LANES = SHARDS;

/** Lines that are imported together, and what no other chunk may write meanwhile: their lane and records. */
export interface Chunk {
  lines: Numbered<Line>[];
  contended: string[];
}

/**
 * Imports lines of one kind in chunks, several at a time. Two lines of one record stand in different chunks, and two
 * chunks of one lane or record are never imported at the same time: AWS would cancel one of their transactions, and
 * groups with many users in common would keep cancelling each other.
 * @throws the first error of a chunk, once all chunks that have begun are done
 */
export async function importInChunks(
  lines: readonly Numbered<Line>[],
  importChunk: (lines: Numbered<Line>[]) => Promise<void>,
): Promise<void> {
  const lanes = [...Map.groupBy(lines, ({ line }) => kindOf(line).lane(line, LANES))];
  const waiting = lanes.map((lane) => [...chunksOf(...lane)]);
  const running = new Set<Promise<void>>();
  const busy = new Set<string>();
  const failures: Error[] = [];
  const run = async ({ lines, contended }: Chunk) => {
    for (const record of contended) busy.add(record);
    await importChunk(lines).catch((error) => failures.push(error));
    for (const record of contended) busy.delete(record);
  };
  const isFree = ([first]: Chunk[]) => first?.contended.every((record) => !busy.has(record));
  for (;;) {
    const next = failures.length > 0 || running.size === LANES ? undefined : waiting.find(isFree)?.shift();
    if (next) {
      const work: Promise<void> = run(next).then(() => void running.delete(work));
      running.add(work);
    } else if (running.size > 0) await Promise.race(running);
    else break;
  }
  if (failures[0]) throw failures[0];
}

/** The lines of a lane in order, cut where a chunk is full or holds a line of the same record. */
export function* chunksOf(lane: string, lines: Numbered<Line>[]): Generator<Chunk> {
  let chunk: Numbered<Line>[] = [];
  let records = new Set([lane]);
  for (const numbered of lines) {
    const own = kindOf(numbered.line).contended(numbered.line);
    if (chunk.length === CHUNK || own.some((record) => records.has(record))) {
      yield { lines: chunk, contended: [...records] };
      chunk = [];
      records = new Set([lane]);
    }
    chunk.push(numbered);
    for (const record of own) records.add(record);
  }
  if (chunk.length > 0) yield { lines: chunk, contended: [...records] };
}
