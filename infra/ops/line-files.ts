import { once } from 'node:events';
import { createWriteStream, existsSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import { finished } from 'node:stream/promises';
import type { App } from '../../shared/data/app-repo.ts';
import { SHARDS } from '../../shared/data/counter-repo.ts';
import { comparedName } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { exportApp } from '../../shared/domain/app/export.ts';
import { Import, type Numbered } from '../../shared/domain/app/import.ts';
import { KINDS, type Kind, type Line } from '../../shared/domain/app/import-lines.ts';
import { ApiError, badParameter } from '../../shared/errors.ts';
import { fieldOf, parseLine } from './line-schemas.ts';
import { Progress, type Screen } from './progress.ts';

/** Why a line was not taken. */
interface RefusedLine {
  line: number;
  kind: Kind | null;
  field: string | null;
  reason: string;
}

/** What became of the lines of one kind. */
interface Counts {
  lines: number;
  written: number;
  there: number;
  refused: number;
}

export interface Report {
  counts: Map<Kind | 'unknown', Counts>;
  /** The first of them; all are in the report file. */
  refused: RefusedLine[];
}

/** Refused lines that the answer names. */
const NAMED = 20;
/** Lines moved together: those of 32 users or members fit into one or two transactions. */
const CHUNK = 32;
/** Chunks at work at one moment: each has a shard of the app's counters to itself. */
const LANES = SHARDS;
/** Lines held in memory. */
const HELD = 4096;

/**
 * Moves a file in, kind by kind, so that its lines may stand in any order: the file is read once for each kind that it
 * has. What is refused goes to `report`, a file of JSON lines, as soon as it is known.
 * @throws Error where the file cannot be read, Unavailable where the database does not answer; it may be run again
 */
export async function importFile(
  table: OperatorTable,
  app: App,
  file: string,
  { dryRun = false, report, screen }: { dryRun?: boolean; report?: string | undefined; screen?: Screen } = {},
): Promise<Report> {
  const counts = new Map<Kind | 'unknown', Counts>();
  const refused: RefusedLine[] = [];
  if (report !== undefined) writeFileSync(report, '');
  const countsOf = (kind: Kind | undefined) => {
    const found = counts.get(kind ?? 'unknown') ?? { lines: 0, written: 0, there: 0, refused: 0 };
    counts.set(kind ?? 'unknown', found);
    return found;
  };
  const refuse = async (number: number, kind: Kind | undefined, error: ApiError) => {
    countsOf(kind).refused++;
    const entry = { line: number, kind: kind ?? null, field: fieldOf(error) ?? null, reason: error.message };
    if (refused.length < NAMED) refused.push(entry);
    if (report !== undefined) await appendFile(report, `${JSON.stringify(entry)}\n`);
  };

  let total = 0;
  const claims = new Claims();
  const unusable = new Set<number>();
  for await (const { kind, line, number } of linesOf(file)) {
    total++;
    countsOf(kind).lines++;
    const error = line instanceof ApiError ? line : claims.errorOf(line, number);
    if (!error) continue;
    unusable.add(number);
    await refuse(number, kind, error);
  }

  const moving = new Import(table, app, { rehearsal: dryRun });
  const progress = new Progress(total, screen);
  let done = [...counts.values()].reduce((sum, { refused }) => sum + refused, 0);
  const moveChunk = async (chunk: Numbered[]) => {
    const outcomes = await moving.move(chunk);
    for (const [index, outcome] of outcomes.entries()) {
      const { line, number } = chunk[index]!;
      if (outcome instanceof ApiError) await refuse(number, line.kind, outcome);
      else countsOf(line.kind)[outcome]++;
    }
    done += chunk.length;
    progress.show(done, 'lines');
  };
  const moveAll = async (lines: Numbered[]) => {
    const lanes = [...Map.groupBy(lines, ({ line }) => laneOf(line))].map((lane) => [...chunksOf(...lane)]);
    const atWork = new Set<Promise<void>>();
    const busy = new Set<string>();
    let failure: Error | undefined;
    for (;;) {
      const isFree = ([first]: Chunk[]) => first?.records.every((record) => !busy.has(record));
      const next = failure || atWork.size === LANES ? undefined : lanes.find(isFree)?.shift();
      if (next) {
        const { chunk, records } = next;
        for (const record of records) busy.add(record);
        const work = moveChunk(chunk)
          .catch((error) => {
            failure ??= error;
          })
          .finally(() => {
            atWork.delete(work);
            for (const record of records) busy.delete(record);
          });
        atWork.add(work);
      } else if (atWork.size > 0) await Promise.race(atWork);
      else break;
    }
    if (failure) {
      failure.message += ' (what is written stays: run the same command again to go on)';
      throw failure;
    }
  };
  try {
    for (const wanted of KINDS.filter((kind) => counts.has(kind))) {
      let held: Numbered[] = [];
      for await (const { line, number } of linesOf(file)) {
        if (line instanceof ApiError || line.kind !== wanted || unusable.has(number)) continue;
        held.push({ line, number });
        if (held.length === HELD) {
          await moveAll(held);
          held = [];
        }
      }
      await moveAll(held);
    }
  } finally {
    progress.end();
  }
  return { counts, refused };
}

async function* linesOf(file: string) {
  const opened = await open(file);
  let number = 0;
  for await (const raw of opened.readLines()) {
    number++;
    const text = number === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.trim() !== '') yield { ...parseLine(text), number };
  }
}

/** Who names what may be one user's only: of two users in a file it is the first one's, whatever is written first. */
class Claims {
  readonly #claimed = new Map<string, { user: number; number: number }>();

  errorOf(line: Line, number: number): ApiError | undefined {
    if (line.kind !== 'user') return undefined;
    const names = { username: comparedName(line.username), ...(line.mobile !== undefined && { mobile: line.mobile }) };
    for (const [field, name] of Object.entries(names)) {
      const first = this.#claimed.get(`${field} ${name}`);
      if (first && first.user !== line.user_id)
        return badParameter(field, `is that of user ${first.user} in line ${first.number}`);
    }
    for (const [field, name] of Object.entries(names))
      if (!this.#claimed.has(`${field} ${name}`)) this.#claimed.set(`${field} ${name}`, { user: line.user_id, number });
    return undefined;
  }
}

/** Lines of one lane follow one another: those of one record, one owner, one group. */
function laneOf(line: Line): string {
  switch (line.kind) {
    case 'user':
      return `lane ${line.user_id % LANES}`;
    case 'group':
      return `lane ${line.owner_id % LANES}`;
    default:
      return `group ${line.group_id}`;
  }
}

/**
 * The records that only one transaction can write at a time: two lines of one stand in different chunks, and chunks of
 * one are never at work together. AWS would cancel one of them, and groups with many people in common would keep
 * cancelling each other.
 */
function recordsOf(line: Line): string[] {
  switch (line.kind) {
    case 'user':
      return [`id ${line.user_id}`, `name ${comparedName(line.username)}`, `mobile ${line.mobile ?? line.user_id}`];
    case 'group':
      return [`id ${line.group_id}`, `owner ${line.owner_id}`];
    case 'announcement':
      return [`announcement ${line.group_id} ${line.id}`];
    default:
      return [`user ${line.user_id}`];
  }
}

/** Lines that are moved together, and what nobody else may write meanwhile: their lane and records. */
interface Chunk {
  chunk: Numbered[];
  records: string[];
}

/** The lines of a lane in order, cut where a chunk is full or a line is of a record that stands in it. */
function* chunksOf(lane: string, lines: Numbered[]): Generator<Chunk> {
  let chunk: Numbered[] = [];
  let records = new Set([lane]);
  for (const numbered of lines) {
    const own = recordsOf(numbered.line);
    if (chunk.length === CHUNK || own.some((record) => records.has(record))) {
      yield { chunk, records: [...records] };
      chunk = [];
      records = new Set([lane]);
    }
    chunk.push(numbered);
    for (const record of own) records.add(record);
  }
  if (chunk.length > 0) yield { chunk, records: [...records] };
}

/**
 * Writes an app into a file that is not there yet, readable by its owner alone: it holds private data and hashes of
 * passwords. It has its name only once it is whole.
 * @returns lines by kind
 * @throws Error where the file is there or cannot be written
 */
export async function exportFile(
  table: OperatorTable,
  app: App,
  file: string,
  screen?: Screen,
): Promise<Map<Kind, number>> {
  if (existsSync(file)) throw new Error(`${file}: is there already, and is not overwritten`);
  const part = `${file}.part`;
  rmSync(part, { force: true });
  const out = createWriteStream(part, { mode: 0o600, flags: 'wx' });
  const ended = finished(out);
  // Told where it is awaited.
  ended.catch(() => {});
  const counts = new Map<Kind, number>();
  const progress = new Progress(undefined, screen);
  let done = 0;
  try {
    for await (const line of exportApp(table, app)) {
      const { kind } = line as Line;
      counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (!out.write(`${JSON.stringify(line)}\n`)) await Promise.race([once(out, 'drain'), ended]);
      progress.show(++done, 'lines');
    }
    out.end();
    await ended;
    renameSync(part, file);
  } finally {
    progress.end();
    out.destroy();
  }
  return counts;
}
