import type { Call } from '../call/call.ts';
import { chance } from '../call/chance.ts';
import { addToHour } from '../data/hour-repo.ts';
import { STATISTICS } from '../environment.ts';

const MINUTE = 60_000;
/** Calls of an instance within a minute, above which it counts one in a hundred: the item of an hour takes so many writes. */
const BUSY = 100;
const OF_BUSY = 100;

let minute = 0;
let seen = 0;

/**
 * Counts a call for `/admin/overview`: one in so many is drawn, and stands for all of them (decision 75). The write is
 * sent once, waits for 150 ms at most, and is left out after a fault.
 * @param ms how long the call took
 */
export async function countCall({ app, now, db, actorKind }: Call, code: number, ms: number): Promise<void> {
  const usual = Number(process.env[STATISTICS] ?? 0);
  // Anyone can send the id of an app: what strangers do costs it no unit.
  if (usual === 0 || actorKind === undefined) return;
  if (minute !== Math.floor(now / MINUTE)) [minute, seen] = [Math.floor(now / MINUTE), 0];
  const every = ++seen > BUSY ? Math.max(usual, OF_BUSY) : usual;
  if (chance.draw() * every >= 1) return;
  const memory = Number(process.env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE ?? 512);
  const { usage, events } = db;
  const used = {
    calls: 1,
    reads: usage.readUnits,
    // Its own unit is among them.
    writes: usage.writeUnits + 1 / every,
    mbms: Math.round(ms * memory),
    ...(code !== 200 && { [`c${code}`]: 1 }),
    ...Object.fromEntries(Object.entries(events).map(([name, times]) => [`e${name}`, times])),
  };
  const sums = Object.fromEntries(Object.entries(used).flatMap(([name, by]) => (by > 0 ? [[name, by * every]] : [])));
  await db.touch(addToHour(app, now, sums));
}
