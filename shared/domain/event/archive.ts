import { appIds } from '../../data/app-repo.ts';
import { type ArchiveCursor, archiveCursorOf, moveArchiveCursor } from '../../data/archive-repo.ts';
import type { Database } from '../../data/database.ts';
import { appLog, openEventsOf } from '../../data/log-repo.ts';
import type { AppId } from '../../ids.ts';
import { putArchivedEvents } from '../../storage/object-repo.ts';
import { type EventEntry, eventOf } from './entry.ts';
import { readLog } from './log-pages.ts';

/** What a run has done. */
export interface ArchiveRun {
  /** Apps that were looked at. */
  apps: number;
  objects: number;
  events: number;
  /** Events that the log no longer had. */
  lost: number;
  /** Whether nothing is left that could be archived now. The next run goes on. */
  done: boolean;
  /** The first fault: other apps do not wait for it. */
  fault?: Error;
}

const HOUR = 3_600_000;
/** An hour is over once its last events have passed the relay, as a rule (ms). Later ones lie in the next hour. */
const LATE = 60_000;
/** An object is complete with the event that reaches this many characters of JSON. */
const FULL = 4_000_000;
/** Apps whose cursors are read together, and those that are archived at the same time. */
const [AT_ONCE, WIDTH] = [50, 4];

/** Archives what is new in all apps, of hours that are over at `now` (ms). @param expired the run has no more time */
export async function archiveEvents(db: Database, now: number, expired: () => boolean): Promise<ArchiveRun> {
  const run: ArchiveRun = { apps: 0, objects: 0, events: 0, lost: 0, done: true };
  const apps = await db.read(appIds());
  for (let from = 0; from < apps.length && !expired(); from += AT_ONCE) {
    const some = apps.slice(from, from + AT_ONCE);
    const read = await db.beside().read({ logs: some.map(openEventsOf), cursors: some.map(archiveCursorOf) });
    run.apps += some.length;
    const fresh = some.filter((_, index) => (read.logs[index]?.last ?? 0) > (read.cursors[index]?.last ?? 0));
    const worker = async () => {
      for (let app = fresh.shift(); app !== undefined; app = fresh.shift())
        await archiveApp(db, app, now, expired, run).catch((fault: Error) => {
          run.fault ??= fault;
        });
    };
    await Promise.all(Array.from({ length: WIDTH }, worker));
  }
  run.done &&= run.apps === apps.length && run.fault === undefined;
  return run;
}

/**
 * Archives what is new in one app, object by object. Each object is planned first: the cursor says which events it holds
 * and where it lies. So a run that goes on after another, or runs beside it, writes the same events under the same key,
 * and a key is written once.
 */
async function archiveApp(db: Database, app: AppId, now: number, expired: () => boolean, run: ArchiveRun) {
  for (;;) {
    if (expired()) {
      run.done = false;
      return;
    }
    const view = db.beside();
    const cursor = await view.read(archiveCursorOf(app));
    const { last = 0, hour = 0, planned } = cursor ?? {};
    const found = planned ? await eventsTo(db, app, last, planned) : await nextEvents(db, app, last, hour);
    const { object, entries } = found;
    if (object.last <= last || object.hour + HOUR + LATE > now) return;
    const plan = planned ? cursor : await moved(view, app, cursor, { last, hour, planned: object });
    // Another run is at work.
    if (!plan) continue;
    const lines = entries.map((entry) => `${JSON.stringify(eventOf(app, entry))}\n`).join('');
    if (entries.length > 0 && (await putArchivedEvents(app, object.hour, entries[0]!.sequence, lines))) {
      run.objects++;
      run.events += entries.length;
    }
    if (await moved(view, app, plan, object)) run.lost += found.lost;
  }
}

/** @returns the cursor as it is then; undefined where another run has moved it */
async function moved(db: Database, app: AppId, was: ArchiveCursor | undefined, to: Omit<ArchiveCursor, 'revision'>) {
  const written = await db.write([moveArchiveCursor(app, was, to)]);
  return written ? db.records(archiveCursorOf(app)) : undefined;
}

/** The events of one object. */
interface Found {
  entries: EventEntry[];
  object: { last: number; hour: number };
  lost: number;
}

/**
 * The events of the next object: one after the other, as long as they lie in the hour of the first, up to its size. An
 * event that comes late lies in the hour of those before it, so hours never go back.
 * @param hour of the last object (ms)
 */
async function nextEvents(db: Database, app: AppId, after: number, hour: number): Promise<Found> {
  const found: Found = { entries: [], object: { last: after, hour }, lost: 0 };
  let size = 0;
  for await (const { page, entries, lost } of readLog(db, appLog(app), after)) {
    found.lost += lost;
    for (const entry of entries) {
      // Commands of operators are stamped by their own clocks, which may be wrong.
      const own = Math.floor(Math.min(entry.at, page.at) / HOUR) * HOUR;
      if (own > found.object.hour) {
        if (found.entries.length > 0) return found;
        found.object.hour = own;
      }
      found.entries.push(entry);
      found.object.last = entry.sequence;
      size += JSON.stringify(entry).length;
      if (size >= FULL) return found;
    }
  }
  return found;
}

/** The events of an object that was planned. */
async function eventsTo(db: Database, app: AppId, after: number, object: Found['object']): Promise<Found> {
  const found: Found = { entries: [], object, lost: 0 };
  for await (const { entries, lost } of readLog(db, appLog(app), after)) {
    found.lost += lost;
    found.entries.push(...entries.filter(({ sequence }) => sequence <= object.last));
    if (entries.some(({ sequence }) => sequence >= object.last)) break;
  }
  return found;
}
