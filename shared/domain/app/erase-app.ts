import { setTimeout as sleep } from 'node:timers/promises';
import { buriedAppOf } from '../../data/app-repo.ts';
import { type OperatorTable, scanned, viewOf } from '../../data/operator-queries.ts';
import { checkKnown, locate, removalOf } from '../../data/trace-repo.ts';
import { ApiError, badParameter, Unavailable } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { type OperatorBucket, objectsBelow, prefixesOf, remove } from '../../storage/operator-object-repo.ts';
import { Pace } from '../background/pace.ts';
import { type Erased, type EraseOptions, type EraseProgress, ErasureRun, SEARCHES } from './erasure.ts';

/** How long the registration of a deleted file stays (ms). */
const REGISTRATION = 7 * 86_400_000;
/** Items or objects that are removed before they are counted: so many more may be gone where a command was killed. */
const AT_ONCE = 100;

/**
 * Erases a deleted app: removes its items and objects, search by search, until one finds nothing. What a search has
 * removed stays removed and its place is kept, so a command that was stopped goes on there.
 * @throws ApiError appMissing where there never was such an app, badParameter where it is not deleted
 */
export async function* eraseApp(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  { rate, settle }: EraseOptions,
): AsyncGenerator<EraseProgress, Erased> {
  const deleted = await viewOf(table).read(buriedAppOf(app));
  if (deleted === undefined) throw new ApiError('appMissing', `there never was an app "${app}"`);
  if (deleted === false) throw badParameter('app_id', `"${app}" is not deleted: disable and delete it first`);
  const run = await ErasureRun.open(table, app, 'app', async () => ({}));
  // Until then functions may hold the app's record, jobs may run, and addresses for uploads are valid.
  for (let left = deleted + settle - Date.now(); left > 0; left = deleted + settle - Date.now()) {
    yield { phase: `waiting ${Math.ceil(left / 1000)} s for what still works with the app`, read: 0, done: run.done };
    await sleep(Math.min(left, 5000));
  }
  for (let nth = 1; nth <= SEARCHES; nth++) {
    const began = Date.now();
    /** Only a search from the beginning proves that nothing is left. */
    const whole = run.state.from === undefined;
    const seen = { items: 0, units: 0, objects: 0 };
    for await (const { items, units, next } of scanned(table, rate, run.state.from)) {
      for (const item of items) checkKnown(item, app);
      const found = items.filter((item) => removalOf(item, app) !== undefined);
      const db = viewOf(table);
      for (let at = 0; at < found.length; at += AT_ONCE) {
        await new Pace(() => false).each(found.slice(at, at + AT_ONCE), async (item) => {
          await db.beside().write(removalOf(item, app)!);
          run.count('removed', locate(item)!.kind);
        });
        await run.save({ found: run.state.found + Math.min(AT_ONCE, found.length - at) });
      }
      seen.items += items.length;
      seen.units += units;
      yield { phase: `search ${nth}`, read: seen.items, done: run.done };
      // Removals cost units as reads do.
      await sleep((db.usage.writeUnits * 1000) / rate);
      if (found.length > 0 || !whole || nth === 1) await run.save({ from: next });
    }
    for await (const done of removeObjects(bucket, app, run, seen))
      yield { phase: `search ${nth}, bucket`, read: done, done: run.done };
    const { found } = run.state;
    await run.save({ from: undefined, found: 0 });
    if (whole && found === 0)
      return await run.prove(
        {
          what: 'app erased',
          mentions: {},
          remains: [
            { what: 'the id of the app, in one item: it is never used again', until: 'for ever' },
            {
              what: 'marks of files that were deleted before the app: random names, of no app and nobody',
              until: new Date(Date.now() + REGISTRATION).toISOString(),
            },
          ],
        },
        { ...seen, began },
      );
  }
  throw new Unavailable('something still writes items of this app: run the command again');
}

/** Removes the objects of the app. @returns how many so far */
async function* removeObjects(
  bucket: OperatorBucket,
  app: AppId,
  run: ErasureRun,
  seen: { objects: number },
): AsyncGenerator<number> {
  let batch: string[] = [];
  const removeBatch = async () => {
    await new Pace(() => false).each(batch, (key) => remove(bucket, key));
    run.count('objects', 'object', batch.length);
    await run.save({ found: run.state.found + batch.length });
    seen.objects += batch.length;
    batch = [];
  };
  for (const prefix of prefixesOf(app))
    for await (const { key } of objectsBelow(bucket, prefix)) {
      batch.push(key);
      if (batch.length < AT_ONCE) continue;
      await removeBatch();
      yield seen.objects;
    }
  if (batch.length > 0) await removeBatch();
  yield seen.objects;
}
