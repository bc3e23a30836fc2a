import { transactEach } from '../../call/transact.ts';
import { type App, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { beginGeneration } from '../../data/directory-count-repo.ts';
import type { ApiError } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { kindOf, type Line } from './lines/kinds.ts';
import type { Numbered } from './lines/line.ts';

/** What became of a line: written, there already with the same content, or refused. */
export type Outcome = 'written' | 'there' | ApiError;

/**
 * Imports lines of one kind into an app, some at a time: users, or groups, or lines of one group or of one user with
 * others. No two of them may be of the same record. Each line is decided as the API decides, by the records that are there, and written with
 * conditions that prove them, so that users may work meanwhile. A record that is there with the same content is left
 * alone, so every line may be repeated. An import never changes what is there.
 * @param open gives a view of the table for each chunk: of a rehearsal, one that writes nothing
 * @throws Unavailable where the database does not answer; what is written stays, and all lines may be repeated
 */
export async function importLines(
  open: () => Database,
  { app, ...record }: App,
  given: readonly Numbered<Line>[],
  { rehearsal = false } = {},
): Promise<Outcome[]> {
  const [first] = given;
  if (!first) return [];
  const kind = kindOf(first.line);
  const limits = limitsOf(record);
  const db = open();
  const reads = kind.reads(
    { app, limits },
    given.map(({ line }) => line),
  );
  await db.load([reads]);
  const lines = kind.prepare && !rehearsal ? await kind.prepare(db.records(reads), given) : given;
  if (first.line.kind === 'user' && !rehearsal) await announceImport(db.beside(), app);
  const scope = { app, limits, now: Date.now() };
  const there = new Set<number>();
  const errors = await transactEach(db, reads, lines, {
    permit: () => {},
    entry: (records, entry, batch) => {
      const steps = kind.entry(scope, records, entry, batch);
      if (steps.length === 0) there.add(entry.index);
      else there.delete(entry.index);
      return steps;
    },
    shared: (records, batch) => (batch.length > 0 ? kind.shared(scope, records, batch) : []),
  });
  return lines.map((_, index) => errors[index] ?? (there.has(index) ? 'there' : 'written'));
}

/** An import says so before it writes, and again while it goes on (ms). */
const SAID_EVERY = 60_000;
/** Imports end within that time or say so again; clocks of operators may differ by half of it (ms). */
const IMPORTS = 600_000;
const said = new Map<AppId, { at: number; written: Promise<unknown> }>();

/** Imported users may have registered at any time: until the import has ended, nothing is counted. */
async function announceImport(db: Database, app: AppId): Promise<void> {
  const now = Date.now();
  const last = said.get(app);
  // Parts of an import that go side by side wait for one write.
  if (last && now - last.at < SAID_EVERY) return void (await last.written);
  const written = db.write([beginGeneration(app, now + IMPORTS)]);
  said.set(app, { at: now, written });
  written.catch(() => said.delete(app));
  await written;
}
