import { lastReadApp } from '../call/app-cache.ts';
import type { Call } from '../call/call.ts';
import { addToHour, type Sums } from '../data/hour-repo.ts';
import { STATISTICS } from '../environment.ts';
import type { AppId } from '../ids.ts';

/**
 * Counts calls for `/admin/overview`. An instance adds up what its calls have used, and writes the sums to the item of the
 * hour once they are more than a quarter of what it has counted within the minute, or a hundred calls. So an instance
 * with few calls writes after each, and a busy one after every hundredth. An instance that is never called again loses
 * what it has not written: see docs/decisions/0075-a-console-asks-the-api.md.
 */
const MOST_WAITING = 100;
const SHARE = 4;
const MINUTE = 60_000;

/** What this instance has counted for an app. */
interface Counted {
  minute: number;
  /** Calls within the minute, and those of them that are not written yet. */
  seen: number;
  waiting: number;
  sums: Sums;
}
const ofApps = new Map<AppId, Counted>();

/** MiB of this function. */
const memory = () => Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 512);

/**
 * Counts a call whose answer is known. The write is sent once, waits for 150 ms at most, and is left out after a fault.
 * @param started by `performance.now()`
 */
export async function countCall({ app, db }: Call, code: number, started: number): Promise<void> {
  // Only of apps that exist: anyone can send the id of another.
  if (process.env[STATISTICS] !== 'on' || lastReadApp(app)?.status !== 'active') return;
  const now = Date.now();
  const minute = Math.floor(now / MINUTE);
  const counted = ofApps.get(app) ?? { minute, seen: 0, waiting: 0, sums: {} };
  ofApps.set(app, counted);
  if (counted.minute !== minute) Object.assign(counted, { minute, seen: 0 });
  counted.seen++;
  counted.waiting++;
  const { usage, events } = db;
  const { sums } = counted;
  add(sums, {
    calls: 1,
    reads: usage.readUnits,
    writes: usage.writeUnits,
    mbms: Math.round((performance.now() - started) * memory()),
    ...(code !== 200 && { [`c${code}`]: 1 }),
    ...Object.fromEntries(Object.entries(events).map(([name, times]) => [`e${name}`, times])),
  });
  if (counted.waiting * SHARE <= counted.seen && counted.waiting < MOST_WAITING) return;
  // Its own unit. Taken before the write, whose answer may be lost.
  add(sums, { writes: 1 });
  Object.assign(counted, { waiting: 0, sums: {} });
  await db.touch(addToHour(app, now, sums));
}

function add(sums: Sums, more: Sums) {
  for (const [name, by] of Object.entries(more)) if (by !== 0) sums[name] = (sums[name] ?? 0) + by;
}
