import { writeFileSync } from 'node:fs';
import { appendFile, open } from 'node:fs/promises';
import type { App } from '../../shared/data/app-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { comparedName } from '../../shared/data/user-repo.ts';
import { importLines } from '../../shared/domain/app/import.ts';
import { KINDS, type Kind, type Line } from '../../shared/domain/app/lines/kinds.ts';
import type { Numbered } from '../../shared/domain/app/lines/line.ts';
import { type RefusedLine, refusedLine } from '../../shared/domain/app/refused-line.ts';
import { ApiError, badParameter } from '../../shared/errors.ts';
import { importInChunks } from './import-chunks.ts';
import { checkLine, readLine } from './line-schemas.ts';
import { Progress, type Screen } from './progress.ts';
import { Rehearsal, type Rehearsed } from './rehearsal.ts';

/** What became of the lines of one kind. */
interface Counts {
  lines: number;
  written: number;
  there: number;
  refused: number;
}

/** Refused lines that the answer names. */
const NAMED = 20;
/**
 * Milliseconds for which a request is sent again; a third of them for one answer. Nobody waits for one line's answer, so
 * an import waits where a call would end: eight transactions of 100 items at a time take seconds each where DynamoDB Local
 * starts cold on a busy processor, and a new table on AWS throttles at first.
 */
const PATIENCE = 60_000;
/** Lines held in memory. */
const HELD = 4096;

/**
 * Imports a file, kind by kind, so that its lines may stand in any order: it reads the file once per kind. It writes
 * refused lines to `report`, a file of JSON lines, as soon as it knows them.
 * @throws Error where the file cannot be read, Unavailable where the database does not answer; it may be run again
 */
export async function importFile(
  table: OperatorTable,
  app: App,
  file: string,
  { dryRun = false, report, screen }: { dryRun?: boolean; report?: string | undefined; screen?: Screen } = {},
): Promise<Pick<ImportReport, 'counts' | 'refused'>> {
  const told = new ImportReport(report);
  const unusable = new Set<number>();
  for await (const { number, line } of checkedLines(file, told)) if (!line) unusable.add(number);
  const progress = new Progress(told.total('lines'), screen);
  const rehearsed: Rehearsed = new Map();
  const view = () => (dryRun ? new Rehearsal(table, rehearsed, PATIENCE) : viewOf(table, PATIENCE));
  const importChunk = async (lines: Numbered<Line>[]) => {
    const outcomes = await importLines(view, app, lines, { rehearsal: dryRun });
    for (const [index, outcome] of outcomes.entries()) {
      const { line, number } = lines[index]!;
      if (outcome instanceof ApiError) await told.refuse(number, line.kind, outcome);
      else told.of(line.kind)[outcome]++;
    }
    progress.show(told.total('written') + told.total('there') + told.total('refused'), 'lines');
  };
  try {
    for (const kind of KINDS.filter((kind) => told.counts.has(kind)))
      for await (const lines of usableLines(file, kind, unusable)) await importInChunks(lines, importChunk);
  } catch (error) {
    (error as Error).message += ' (what is written stays: run the same command again to go on)';
    throw error;
  } finally {
    progress.end();
  }
  return told;
}

/** Counts the lines of a file, and refuses those that are wrong in themselves: `line` is undefined then. */
export async function* checkedLines(file: string, told: ImportReport) {
  const names = new ClaimedNames();
  for await (const { number, ...read } of linesOf(file)) {
    const { kind } = read;
    told.of(kind).lines++;
    const line = checkLine(read);
    const error = line instanceof ApiError ? line : names.errorOf(line, number);
    if (error) await told.refuse(number, kind, error);
    yield { number, line: error ? undefined : (line as Line) };
  }
}

/** The usable lines of a kind, as many at a time as are held in memory. */
async function* usableLines(file: string, kind: Kind, unusable: ReadonlySet<number>): AsyncGenerator<Numbered<Line>[]> {
  let held: Numbered<Line>[] = [];
  for await (const { number, ...read } of linesOf(file)) {
    if (read.kind !== kind || unusable.has(number)) continue;
    const line = checkLine(read);
    // Only where the file has changed since it was checked.
    if (line instanceof ApiError) continue;
    held.push({ line, number });
    if (held.length === HELD) {
      yield held;
      held = [];
    }
  }
  yield held;
}

/** The lines of a file with their numbers, without empty ones. */
async function* linesOf(file: string) {
  const opened = await open(file);
  let number = 0;
  for await (const raw of opened.readLines()) {
    number++;
    const text = number === 1 ? raw.replace(/^\uFEFF/, '') : raw;
    if (text.trim() !== '') yield { ...readLine(text), number };
  }
}

/** What became of all lines. */
export class ImportReport {
  readonly counts = new Map<Kind | 'unknown', Counts>();
  /** The first refused lines; all are in the report file. */
  readonly refused: RefusedLine[] = [];
  readonly #file: string | undefined;
  readonly #also: (line: RefusedLine) => void;

  /** @param file where all refused lines go @param also gets each of them */
  constructor(file: string | undefined, also: (line: RefusedLine) => void = () => {}) {
    this.#file = file;
    this.#also = also;
    if (file !== undefined) writeFileSync(file, '');
  }

  of(kind: Kind | undefined): Counts {
    const found = this.counts.get(kind ?? 'unknown') ?? { lines: 0, written: 0, there: 0, refused: 0 };
    this.counts.set(kind ?? 'unknown', found);
    return found;
  }

  total(counted: keyof Counts): number {
    return [...this.counts.values()].reduce((sum, counts) => sum + counts[counted], 0);
  }

  async refuse(line: number, kind: Kind | undefined, error: ApiError): Promise<void> {
    this.of(kind).refused++;
    const entry = refusedLine(line, kind, error);
    this.#also(entry);
    if (this.refused.length < NAMED) this.refused.push(entry);
    if (this.#file !== undefined) await appendFile(this.#file, `${JSON.stringify(entry)}\n`);
  }
}

/** Names that one user only may have: of two users in a file the first has them, in whatever order they are written. */
class ClaimedNames {
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
