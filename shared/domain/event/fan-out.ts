import { transact } from '../../call/transact.ts';
import type { Database } from '../../data/database.ts';
import { appLog, closedEventsOf, type EventPage, entriesAfter, openEventsOf, pagesAfter } from '../../data/log-repo.ts';
import {
  type Endpoint,
  type HeldEvents,
  heldEventsOf,
  holdEvents,
  moveHeld,
  releaseHeld,
  webhooksOf,
} from '../../data/webhook-repo.ts';
import { pause } from '../../deadline.ts';
import { EventsGone } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { hasBus, putEvents } from '../../messaging/bus-repo.ts';
import { hasQueue, sendMessages } from '../../messaging/queue-repo.ts';
import { type EventEntry, eventOf } from './entry.ts';
import { eventsRead } from './log-reader.ts';
import { isFor, messageFor } from './webhook-message.ts';

/**
 * Passes numbered events to the event bus and to the queue of webhooks: each at least once, those of one subject in their
 * order. What one of the two does not take is held back: an item says from which number on, and the stream hands that to
 * the relay until it has caught up. So neither holds up the other or the numbering of events:
 * docs/decisions/0069-fan-out-and-webhooks.md.
 */

interface Target {
  exists: () => boolean;
  send: (app: AppId, entries: readonly EventEntry[], endpoints: readonly Endpoint[]) => Promise<void>;
}

const TARGETS: Record<string, Target> = {
  bus: {
    exists: hasBus,
    send: (app, entries) => putEvents(entries.map((entry) => eventOf(app, entry))),
  },
  queue: {
    exists: hasQueue,
    send: (app, entries, endpoints) =>
      sendMessages(
        entries.flatMap((entry) =>
          endpoints
            .filter((endpoint) => isFor(endpoint, entry))
            .map(({ id }) => messageFor(app, id, eventOf(app, entry))),
        ),
      ),
  },
};

/** Events of an app that a run sends at most, so that it ends in time. The rest is held back. */
const AT_ONCE = 500;
/** Events that are caught up at once. */
const CAUGHT_UP = 200;
/** The time between two attempts to catch up with a target that refuses at once (ms). */
const APART = 2000;

/** What became of events. */
export interface FanOut {
  /** Events that the target took. */
  sent: number;
  fault?: Error;
}
const NOTHING: FanOut = { sent: 0 };

/** A write of the open page of an app's log, as the stream shows it. */
export interface PageWrite {
  page: EventPage;
  /** The number of the last event before it. */
  after: number;
}

/**
 * The events that writes have appended. Part of them may be in the page that the write closed: that is another item, for
 * whose own record the stream has no order with these.
 */
async function appendedBy(db: Database, app: AppId, writes: readonly PageWrite[]): Promise<EventEntry[]> {
  const closed = writes.map(({ page, after }) => {
    const last = page.last - page.count;
    return last > after ? [closedEventsOf(app, last)] : [];
  });
  const read = await db.read(closed);
  return writes.flatMap(({ page, after }, index) =>
    [...read[index]!, page].flatMap((one) => (one ? entriesAfter<EventEntry>(one, after) : [])),
  );
}

/**
 * Passes on events that have just been appended to the log of an app.
 * @throws Unavailable where the table does not even take what is held back: then the events must come again
 */
export async function fanOut(db: Database, app: AppId, writes: readonly PageWrite[]): Promise<FanOut[]> {
  const targets = Object.entries(TARGETS).filter(([, { exists }]) => exists());
  if (targets.length === 0) return [];
  const events = (await appendedBy(db, app, writes)).toSorted((one, other) => one.sequence - other.sequence);
  if (events.length === 0) return [];
  const { endpoints, held } = await db.read(webhooksOf(app));
  return Promise.all(
    targets.map(async ([name, { send }]) => {
      const now = events.slice(0, AT_ONCE);
      const later = events[AT_ONCE];
      // Nothing overtakes what is held back.
      if (held.has(name)) return hold(db, app, name, events[0]!.sequence);
      try {
        await send(app, now, endpoints);
      } catch (error) {
        return { ...(await hold(db, app, name, now[0]!.sequence)), fault: error as Error };
      }
      if (later) await hold(db, app, name, later.sequence);
      return { sent: now.length };
    }),
  );
}

/** Holds events back, from this number on: what is held already, too. The view has read `webhooksOf`. */
const hold = (db: Database, app: AppId, target: string, from: number): Promise<FanOut> =>
  transact(db, [heldEventsOf(app, target)] as const, ([was]) => ({
    steps: [was ? moveHeld(app, target, was, Math.min(was.first, from)) : holdEvents(app, target, from, Date.now())],
    answer: () => NOTHING,
  }));

/**
 * Sends the next events that are held back from a target. Its write makes the stream hand out the rest: one run after
 * the other, since all these items of an app are in one partition.
 */
export async function catchUp(db: Database, app: AppId, target: string): Promise<FanOut> {
  const { endpoints, held } = await db.read(webhooksOf(app));
  const was = held.get(target);
  if (!was) return NOTHING;
  const read = await heldEvents(db, app, was);
  // It changes where further events come meanwhile; that write is handed out too.
  if (typeof read === 'number') {
    await db.write([moveHeld(app, target, was, read)]);
    return { sent: 0, fault: new Error(`events ${was.first} to ${read - 1} are gone before ${target} took them`) };
  }
  const { events, head } = read;
  try {
    await TARGETS[target]?.send(app, events, endpoints);
  } catch (error) {
    await pause(APART);
    await db.write([moveHeld(app, target, was)]);
    return { sent: 0, fault: error as Error };
  }
  const next = events.length > 0 ? events.at(-1)!.sequence + 1 : was.first;
  await db.write([next > head ? releaseHeld(app, target, was) : moveHeld(app, target, was, next)]);
  return { sent: events.length };
}

/** The next events that are held back; or, where those are not kept any more, the number of the oldest that is. */
async function heldEvents(db: Database, app: AppId, { first }: HeldEvents) {
  const log = appLog(app);
  const read = await db.read({ head: openEventsOf(app), pages: pagesAfter(log, first - 1, CAUGHT_UP) });
  const head = read.head?.last ?? 0;
  try {
    const events = await eventsRead({ db, now: Date.now() }, log, read, first - 1);
    return { events: events.slice(0, CAUGHT_UP).map(({ entry }) => entry), head };
  } catch (error) {
    if (error instanceof EventsGone) return Number(error.fields.oldest ?? head + 1);
    throw error;
  }
}
