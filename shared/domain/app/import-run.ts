import { type App, appOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import {
  type ImportJob,
  type ImportLane,
  importJobOf,
  importLanesOf,
  putImportLane,
} from '../../data/import-job-repo.ts';
import { pause } from '../../deadline.ts';
import { ApiError, Unavailable } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { sendMessages, toImports } from '../../messaging/queue-repo.ts';
import { importPartText, type PartPlace, putRefusedLines, removeImportPart } from '../../storage/object-repo.ts';
import { importLines, type Outcome } from './import.ts';
import type { Line } from './lines/kinds.ts';
import type { Numbered } from './lines/line.ts';
import { refusedLine } from './refused-line.ts';

/**
 * An import by functions. Lanes work side by side, each on its own parts, one chunk after the other; all lanes take the
 * steps (kinds of lines) together. How far a lane is stands in the table, so a message only wakes it: twice, late or after
 * the end it does no harm.
 */

/** A message of the queue of imports. */
export interface Waking {
  app: AppId;
  job: string;
  lane: number;
}
/** Wakes lanes. @param nonce wakings of a lane with the same one count once within five minutes */
export type Wake = (wakings: readonly Waking[], nonce: string) => Promise<void>;

/** @param send for operators, who have another client */
export const importWake =
  (send: typeof sendMessages = (messages) => sendMessages(messages, toImports)): Wake =>
  (wakings, nonce) =>
    send(
      wakings.map((waking) => ({
        body: JSON.stringify(waking),
        group: `${waking.job}-${waking.lane}`,
        deduplicationId: `${waking.job}-${waking.lane}-${nonce}`,
      })),
    );

/** Chunks of a part, as `chunksOf` cut them: a line of JSON each, with each line's number in the file. */
export type PartChunk = (readonly [number: number, line: Line])[];

/** What a run has to do with its surroundings. */
export interface RunSurroundings {
  db: Database;
  wake: Wake;
  /** Id of the message. */
  message: string;
  /** Milliseconds in which chunks may begin. */
  left: () => number;
}

/** How a run ended: `ended` where nothing is left for this lane now. */
export type RunOutcome = 'ended' | 'continues' | 'not running';

/** The longest and the first wait after a chunk that the database did not take (ms). */
const WAITS = { first: 250, longest: 5000 };

/** The step that lanes work on: none of them is further behind. */
export const stepOf = (lanes: readonly ImportLane[]): number => Math.min(...lanes.map(({ step }) => step));

/** A lane before its first chunk. */
export function newLane(job: Pick<ImportJob, 'steps'>, lane: number, now: number): ImportLane {
  const first = { step: 0, part: 0, chunk: 0 };
  const counted = { counts: {}, readUnits: 0, writeUnits: 0, ms: 0, throttled: 0, updatedAt: now, revision: 1 };
  return { ...counted, ...withParts(job, lane, first) };
}

type Position = Pick<ImportLane, 'step' | 'part' | 'chunk'>;

/** The position, or the beginning of the next step in which the lane has parts. After the last one: the number of steps. */
function withParts({ steps }: Pick<ImportJob, 'steps'>, lane: number, { step, part, chunk }: Position): Position {
  for (let at = step; at < steps.length; at++) {
    const from = at === step ? part : 0;
    if (from < (steps[at]!.parts[lane] ?? 0)) return { step: at, part: from, chunk: at === step ? chunk : 0 };
  }
  return { step: steps.length, part: 0, chunk: 0 };
}

/** The part before a position; undefined before the first one. */
function partBefore({ steps }: ImportJob, lane: number, { step, part }: Position): PartPlace | undefined {
  if (part > 0) return [step, lane, part - 1];
  const before = steps.findLastIndex(({ parts }, at) => at < step && (parts[lane] ?? 0) > 0);
  return before < 0 ? undefined : [before, lane, steps[before]!.parts[lane]! - 1];
}

/** Wakes the lanes that begin the step which all are to work on. */
export async function wakeBeginning(
  wake: Wake,
  { app, job, lanes }: { app: AppId; job: ImportJob; lanes: readonly ImportLane[] },
  nonce = '',
  own?: number,
): Promise<void> {
  const step = stepOf(lanes);
  if (step === job.steps.length) return;
  const beginning = [...lanes.entries()].filter(
    ([lane, at]) => lane !== own && at.step === step && at.part === 0 && at.chunk === 0,
  );
  const wakings = beginning.map(([lane]) => ({ app, job: job.id, lane }));
  if (wakings.length > 0) await wake(wakings, `begin-${step}${nonce}`);
}

/**
 * Runs a lane: as many chunks as there is time for. Then it wakes itself again.
 * @throws Unavailable where the database has taken nothing, Error where a part is missing; the message comes again
 */
export async function runLane(waking: Waking, given: RunSurroundings): Promise<RunOutcome> {
  const run = new Run(waking, given);
  try {
    return await run.go();
  } catch (error) {
    await run.note(error as Error);
    throw error;
  }
}

/**
 * Lines that are refused are decided once more. Records are read one by one, so where another run has this lane too, a line
 * may have met its own user's name and not yet the user.
 */
async function importTwice(open: () => Database, record: App, lines: readonly Numbered<Line>[]): Promise<Outcome[]> {
  const outcomes = await importLines(open, record, lines);
  const refused = [...outcomes.keys()].filter((index) => outcomes[index] instanceof ApiError);
  const again = await importLines(
    open,
    record,
    refused.map((index) => lines[index]!),
  );
  for (const [at, index] of refused.entries()) outcomes[index] = again[at]!;
  return outcomes;
}

class Run {
  readonly #waking: Waking;
  readonly #given: RunSurroundings;
  #job: ImportJob | undefined;
  #lane: ImportLane | undefined;
  /** Chunks of this run. */
  #done = 0;
  /** Another run has moved the lane last. */
  #movedByOther = true;
  #wait = 0;
  #since = Date.now();

  constructor(waking: Waking, given: RunSurroundings) {
    this.#waking = waking;
    this.#given = given;
  }

  async go(): Promise<RunOutcome> {
    const { app, job: id, lane } = this.#waking;
    const { db, wake, message } = this.#given;
    for (;;) {
      const reads = { app: appOf(app), job: importJobOf(app, id), lanes: importLanesOf(app, id) };
      const { app: record, job, lanes: found } = await db.beside().read(reads);
      const lanes = found.filter((one) => one !== undefined);
      if (!record || job?.state !== 'running' || lanes.length < job.lanes) return 'not running';
      const own = lanes[lane]!;
      this.#job = job;
      this.#lane = own;
      // The run that moved the lane may have been cut off before it removed the part, which holds private data.
      const imported = this.#movedByOther && partBefore(job, lane, own);
      if (imported) await removeImportPart(app, id, imported).catch(() => {});
      // The run that ended the step before may have been cut off before it did so.
      await wakeBeginning(wake, { app, job, lanes }, '', lane);
      if (own.step > stepOf(lanes) || own.step === job.steps.length) return 'ended';
      if (await this.#part(record, job)) continue;
      if (this.#done === 0) throw new Unavailable('the run has imported nothing');
      await wake([this.#waking], message);
      return 'continues';
    }
  }

  /** Imports what is left of a part. @returns false where time ran out */
  async #part(record: App, job: ImportJob): Promise<boolean> {
    const { app, lane } = this.#waking;
    const { step, part } = this.#lane!;
    const place: PartPlace = [step, lane, part];
    const text = await importPartText(app, job.id, place);
    if (text === undefined) {
      const now = await this.#given.db.beside().read(importJobOf(app, job.id));
      if (now?.state !== 'running') return true;
      throw new Error(`part ${place.join('/')} is missing in the bucket`);
    }
    const chunks = text.split('\n').map((line) => JSON.parse(line) as PartChunk);
    for (let chunk = this.#lane!.chunk; chunk < chunks.length; chunk++) {
      const lines = chunks[chunk]!.map(([number, line]) => ({ number, line }));
      const counts = await this.#chunk(record, job, lines, [...place, chunk]);
      if (!counts) return false;
      const next = chunk + 1 < chunks.length ? { step, part, chunk: chunk + 1 } : { step, part: part + 1, chunk: 0 };
      const isOurs = await this.#write(job, { ...withParts(job, lane, next), counts, fault: undefined });
      this.#done++;
      this.#movedByOther = !isOurs;
      if (!isOurs) return true;
    }
    // Lines hold private data. Where this fails, the bucket forgets them some days later.
    await removeImportPart(app, job.id, place).catch(() => {});
    return true;
  }

  /** Imports a chunk, again while the database does not take it. @returns the new counts, unless time ran out */
  async #chunk(
    record: App,
    job: ImportJob,
    lines: Numbered<Line>[],
    place: [...PartPlace, number],
  ): Promise<ImportLane['counts'] | undefined> {
    const { db, left } = this.#given;
    for (;;) {
      const wait = Math.random() * this.#wait;
      if (left() - wait <= 0) return undefined;
      if (wait > 0) await pause(wait);
      const [began, used] = [Date.now(), db.usage.writeUnits];
      const open = () => {
        const view = db.beside();
        view.author = { type: 'operator', id: job.by, cause: job.id };
        return view;
      };
      try {
        const outcomes = await importTwice(open, record, lines);
        const kept = outcomes.flatMap((outcome, index) => {
          const { number, line } = lines[index]!;
          return outcome instanceof ApiError ? `${JSON.stringify(refusedLine(number, line.kind, outcome))}\n` : [];
        });
        if (kept.length > 0) await putRefusedLines(this.#waking.app, job.id, place, kept.join(''));
        const counts = { ...this.#lane!.counts };
        for (const [index, outcome] of outcomes.entries()) {
          const name = `${lines[index]!.line.kind} ${outcome instanceof ApiError ? 'refused' : outcome}`;
          counts[name] = (counts[name] ?? 0) + 1;
        }
        this.#wait = this.#wait < WAITS.first ? 0 : this.#wait / 2;
        await this.#pace(job, db.usage.writeUnits - used, began);
        return counts;
      } catch (error) {
        if (!(error instanceof Unavailable)) throw error;
        // The table is busy, perhaps with calls of users: lanes make room.
        this.#lane!.throttled++;
        this.#wait = Math.min(WAITS.longest, Math.max(WAITS.first, this.#wait * 2));
      }
    }
  }

  /** Waits so long that all lanes together use no more units per second than the job may. */
  async #pace({ pace, steps }: ImportJob, units: number, began: number): Promise<void> {
    if (pace === undefined) return;
    const working = steps[this.#lane!.step]!.parts.filter((parts) => parts > 0).length;
    const early = began + (units * 1000 * working) / pace - Date.now();
    if (early > 0) await pause(Math.min(early, Math.max(0, this.#given.left())));
  }

  /** @returns false where another run has moved the lane */
  async #write(job: ImportJob, changes: Partial<ImportLane>): Promise<boolean> {
    const { db } = this.#given;
    const now = Date.now();
    const was = this.#lane!;
    const next: ImportLane = {
      ...was,
      ...changes,
      readUnits: was.readUnits + Math.round(db.usage.readUnits - this.#told.read),
      writeUnits: was.writeUnits + Math.round(db.usage.writeUnits - this.#told.write),
      ms: was.ms + now - this.#since,
      startedAt: was.startedAt ?? this.#since,
      updatedAt: now,
      revision: was.revision + 1,
    };
    this.#told = { read: db.usage.readUnits, write: db.usage.writeUnits };
    this.#since = now;
    const view = db.beside();
    const written = await view.write([putImportLane(this.#waking.app, job, this.#waking.lane, next)]);
    if (written) this.#lane = next;
    return written;
  }
  #told = { read: 0, write: 0 };

  /** Keeps why a run has failed, for the operator. */
  async note(error: Error): Promise<void> {
    if (this.#job && this.#lane) await this.#write(this.#job, { fault: error.message.slice(0, 500) }).catch(() => {});
  }
}
