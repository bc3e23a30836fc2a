import { setTimeout as sleep } from 'node:timers/promises';
import { archiveCursorOf, moveArchiveCursor } from '../../data/archive-repo.ts';
import { appLog, entriesOf, rewritten } from '../../data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { userOf } from '../../data/user-repo.ts';
import { deliveriesFrom, endpointsOf, rewriteFailed } from '../../data/webhook-repo.ts';
import { ApiError } from '../../errors.ts';
import type { RosterEvent } from '../../events/catalogue.ts';
import type { AppId, UserId } from '../../ids.ts';
import { type OperatorBucket, rewriteArchived } from '../../storage/operator-object-repo.ts';
import type { EventEntry } from '../event/entry.ts';
import { readLog } from '../event/log-pages.ts';
import { objectsAfter } from './event-history.ts';

/** What was read and rewritten so far. */
export interface ForgottenEvents {
  /** Pages of the feed and objects of the archive that were read, and those that were rewritten. */
  pages: number;
  pagesRewritten: number;
  objects: number;
  objectsRewritten: number;
  /** Events of failed deliveries to webhook endpoints that were rewritten. */
  deliveries: number;
  /** Events in feed and archive whose username was removed. */
  events: number;
}

/** The object that a run of the archive has planned is written within this time, or never by that run (ms). */
const RUN = 16 * 60_000;
const LOOK_AGAIN = 2000;
/** Failed deliveries that are read at once. */
const DELIVERIES = 50;

/** Whether an event names this user by its username. */
const namesUser = (data: object, user: UserId): boolean =>
  'username' in data && data.username !== '' && 'user_id' in data && data.user_id === user;
const withoutName = <Data extends object>(data: Data, user: UserId): Data =>
  namesUser(data, user) ? { ...data, username: '' } : data;

/**
 * Removes the username of a deleted user from the events of its app: from the feed, from failed deliveries of webhooks,
 * then from the archive. The field stays, empty. Nothing else of an event changes, neither its number nor its id. May be
 * run again.
 * @param after goes on after this number @param rate pages and objects read per second at most
 * @throws ApiError userMissing where there never was such a user, badParameter where it is not deleted
 */
export async function* forgetUsername(
  table: OperatorTable,
  bucket: OperatorBucket,
  app: AppId,
  user: UserId,
  { after = 0, rate = Number.POSITIVE_INFINITY } = {},
): AsyncGenerator<ForgottenEvents> {
  const record = await viewOf(table).read(userOf(app, user));
  if (!record) throw new ApiError('userMissing', `app "${app}" has no user ${user}`);
  if (record.status !== 'deleted')
    throw new ApiError('badParameter', `user ${user} is not deleted: only the names of deleted users are removed`);
  const done: ForgottenEvents = {
    pages: 0,
    pagesRewritten: 0,
    objects: 0,
    objectsRewritten: 0,
    deliveries: 0,
    events: 0,
  };
  const began = Date.now();
  const paced = async () => {
    const early = ((done.pages + done.objects) * 1000) / rate - (Date.now() - began);
    if (early > 0) await sleep(early);
  };

  const db = viewOf(table);
  for (let from: number | undefined = after; from !== undefined; ) {
    let refused: number | undefined;
    for await (const { page, entries } of readLog(db, appLog(app), from)) {
      done.pages++;
      const named = entries.filter(({ data }) => namesUser(data, user)).length;
      if (named > 0) {
        const all = entriesOf<EventEntry>(page).map((entry) => ({ ...entry, data: withoutName(entry.data, user) }));
        if (!(await db.beside().write([rewritten(appLog(app), page, all)]))) {
          // The page has changed meanwhile.
          refused = entries[0]!.sequence - 1;
          break;
        }
        done.pagesRewritten++;
        done.events += named;
      }
      yield done;
      await paced();
    }
    from = refused;
  }

  for (const { id } of await viewOf(table).read(endpointsOf(app)))
    for await (const failed of failedDeliveries(table, app, id)) {
      const event: RosterEvent = JSON.parse(failed.failed);
      if (!namesUser(event.data, user)) continue;
      const text = JSON.stringify({ ...event, data: withoutName(event.data, user) });
      if (await viewOf(table).write([rewriteFailed(app, id, failed, text)])) done.deliveries++;
    }

  await settled(table, app);
  for await (const { key } of objectsAfter(bucket, app, after)) {
    done.objects++;
    const lines = await rewriteArchived(bucket, key, (line) => {
      const event = JSON.parse(line);
      const data = withoutName(event.data, user);
      return data === event.data ? line : JSON.stringify({ ...event, data });
    });
    if (lines > 0) done.objectsRewritten++;
    done.events += lines;
    yield done;
    await paced();
  }
  yield done;
}

/** Deliveries to an endpoint that have failed. They hold their events. */
async function* failedDeliveries(table: OperatorTable, app: AppId, endpoint: string) {
  for (let from = 1; ; ) {
    const page = await viewOf(table).read(deliveriesFrom(app, endpoint, from, DELIVERIES));
    for (const one of page) if (one.failed !== undefined) yield { ...one, failed: one.failed };
    if (page.length < DELIVERIES) return;
    from = Number(page.at(-1)!.sk) + 1;
  }
}

/**
 * Waits until no run of the archive holds events that it has read before the feed was rewritten: the next one reads them
 * again, since the cursor has moved.
 */
export async function settled(table: OperatorTable, app: AppId): Promise<void> {
  const end = Date.now() + RUN;
  for (;;) {
    const db = viewOf(table);
    const cursor = await db.read(archiveCursorOf(app));
    const runs = cursor?.planned !== undefined && Date.now() < end;
    // The same place, written anew.
    if (!runs && (await db.write([moveArchiveCursor(app, cursor, cursor ?? { last: 0, hour: 0 })]))) return;
    await sleep(LOOK_AGAIN);
  }
}
