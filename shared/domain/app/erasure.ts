import { randomUUID } from 'node:crypto';
import type { Database } from '../../data/database.ts';
import { type Erasure, erasureOf, putErasure, removeErasure } from '../../data/erasure-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { Unavailable } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { type Receipt, type SignedReceipt, signReceipt } from './receipts.ts';

/** Searches, at most, until one finds nothing: two are usual. */
export const SEARCHES = 10;

/** What erasing costs and how long it waits. */
export interface EraseOptions {
  /** Read units per second at most. */
  rate: number;
  /** How long something may still work with what has been deleted (ms). */
  settle: number;
}

/** How far an erasure is. */
export interface EraseProgress {
  phase: string;
  /** Items, objects or lines that this phase has read. */
  read: number;
  /** Items and objects that were removed or changed so far. */
  done: number;
}

/** An erasure that is proven. */
export interface Erased {
  signed: SignedReceipt;
  /** To be called once the receipt is kept. */
  close: () => Promise<void>;
}

/** What the last search has read, and when it began (ms). */
interface Searched {
  began: number;
  items: number;
  units: number;
  archiveObjects?: number;
  objects: number;
}

/** The record of an erasure that runs. It is in the table, so that another command can go on. */
export class ErasureRun {
  readonly #table: OperatorTable;
  readonly #app: AppId;
  readonly #of: string;
  #state: Erasure;

  private constructor(table: OperatorTable, app: AppId, of: string, state: Erasure) {
    [this.#table, this.#app, this.#of, this.#state] = [table, app, of, state];
  }

  /**
   * Goes on with an erasure, or begins one.
   * @param begin what is known when it begins
   * @throws Unavailable where another command begins it at the same time
   */
  static async open(
    table: OperatorTable,
    app: AppId,
    of: string,
    begin: () => Promise<Partial<Erasure>>,
  ): Promise<ErasureRun> {
    const found = await viewOf(table).read(erasureOf(app, of));
    if (found) return new ErasureRun(table, app, of, found);
    const fresh = { startedAt: Date.now(), names: [], objects: [], done: {}, told: true, feed: 0, found: 0 };
    const run = new ErasureRun(table, app, of, { ...fresh, ...(await begin()), revision: 0 });
    await run.save({});
    return run;
  }

  get state(): Readonly<Erasure> {
    return this.#state;
  }

  /** How much was done so far. */
  get done(): number {
    return Object.values(this.#state.done).reduce((sum, count) => sum + count, 0);
  }

  /** Counts what was done. It is kept with the next `save`. */
  count(what: 'removed' | 'changed' | 'objects', kind: string, by = 1): void {
    const name = `${what} ${kind}`;
    this.#state = { ...this.#state, done: { ...this.#state.done, [name]: (this.#state.done[name] ?? 0) + by } };
  }

  /** How often something was done, by kind. */
  #counted(what: 'removed' | 'changed' | 'objects'): Record<string, number> {
    const prefix = `${what} `;
    return Object.fromEntries(
      Object.entries(this.#state.done)
        .filter(([name]) => name.startsWith(prefix))
        .map(([name, count]): [string, number] => [name.slice(prefix.length), count])
        .sort(([one], [other]) => (one < other ? -1 : 1)),
    );
  }

  /** @throws Unavailable where another command works on this erasure */
  async save(changes: Partial<Erasure>): Promise<void> {
    const { from: _, ...rest } = { ...this.#state, ...changes };
    const from = 'from' in changes ? changes.from : this.#state.from;
    const next = { ...rest, ...(from && { from }), revision: this.#state.revision + 1 };
    if (!(await this.#db.write([putErasure(this.#app, this.#of, next)])))
      throw new Unavailable('another command works on this erasure: wait for it, or run this one again');
    this.#state = next;
  }

  /** Signs that the last search has found nothing. @param remains beside what no command reaches */
  async prove(
    { what, subject, mentions, remains }: Pick<Receipt, 'what' | 'subject' | 'mentions' | 'remains'>,
    { began, items, units, archiveObjects = 0, objects }: Searched,
  ): Promise<Erased> {
    const now = Date.now();
    const signed = await signReceipt(this.#db, {
      format: 'roster-receipt/1',
      what,
      receipt_id: randomUUID(),
      app_id: this.#app,
      ...(subject !== undefined && { subject }),
      started_at: new Date(this.#state.startedAt).toISOString(),
      ended_at: new Date(now).toISOString(),
      removed: this.#counted('removed'),
      changed: this.#counted('changed'),
      objects_removed: Object.values(this.#counted('objects')).reduce((sum, count) => sum + count, 0),
      searched: {
        items,
        read_units: Math.round(units),
        archive_objects: archiveObjects,
        objects,
        from: new Date(began).toISOString(),
        to: new Date(now).toISOString(),
      },
      found: 0,
      mentions,
      remains: [...remains, ...outOfReach(now)],
    });
    return { signed, close: () => this.#close() };
  }

  /** The receipt is written: nothing of the erasure remains. */
  async #close(): Promise<void> {
    await this.#db.write([removeErasure(this.#app, this.#of, this.#state)]);
  }

  get #db(): Database {
    return viewOf(this.#table);
  }
}

const DAY = 86_400_000;
const dayAfter = (now: number, days: number) => new Date(now + days * DAY).toISOString();

/** What no command reaches, and until when. */
const outOfReach = (now: number): { what: string; until: string }[] => [
  { what: 'stream of the table: records of the last 24 hours, which no operation shows', until: dayAfter(now, 1) },
  {
    what: 'backups for point-in-time recovery: a table restored from them must be erased again',
    until: dayAfter(now, 35),
  },
  {
    what: 'log groups of functions and access log: no names or ids; addresses (IP) until their retention',
    until: 'logRetentionDays of the stage',
  },
  { what: 'events in the queue of webhooks that are not delivered yet', until: dayAfter(now, 14) },
  {
    what: 'consumers of webhooks, the event bus and /event/list: they have what was told them',
    until: 'they erase it on user.deleted',
  },
];
