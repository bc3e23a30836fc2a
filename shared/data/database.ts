import { randomUUID } from 'node:crypto';
import { Patience } from '../deadline.ts';
import { Unavailable } from '../errors.ts';
import type { MeasuredEvent } from '../metrics.ts';
import { type DocumentClient, documentClient, tableName } from './client.ts';
import { faultOf, foundBy, fullCollections } from './fault.ts';
import type { Key } from './keys.ts';
import {
  fillShape,
  type Get,
  type Item,
  isGet,
  keyText,
  type Page,
  type Query,
  type Read,
  type Reads,
  type Records,
} from './read.ts';
import { planReads } from './read-plan.ts';
import { Requests, UNANSWERED, type Usage } from './requests.ts';
import type { Author } from './stamp.ts';
import { goesAlone, isDone, itemAfter, type Step, stamped, upgrade } from './step.ts';
import { current } from './versions.ts';

/** Keys of one BatchGet. */
const BATCH = 100;
/** A request that the database does not answer, or throttles, is sent again for so long (ms), so that 503 comes within 5 s. */
const FAULTS = 3500;
/** A write on contended records is sent again for so long (ms), and at least so often. */
const CONTENTION = 5000;
const MIN_ATTEMPTS = 12;
const CONTENDED = 'a record stays contended';
/** After so many conflicts, a write on an item that many change goes into the item's queue. */
const QUEUE_AFTER = 2;
/** Time limit of a touch (ms): the call's answer may wait for it. */
const TOUCH_LIMIT = 150;
/** Time limit of a count (ms), for how long it is sent again, and at least how often. */
const [COUNT_LIMIT, COUNT_FAULTS, COUNT_ATTEMPTS] = [500, 500, 5];

/**
 * One call's view of the table: reads together, caches what was read, and writes only where that still holds. Every read
 * is strongly consistent, but for those of the global index.
 */
export class Database {
  /** How often the writes of this call have made each event happen. */
  readonly events: Partial<Record<MeasuredEvent, number>>;
  /** Partition keys whose items, as the writes of this call were told, are near the size that they may have. */
  readonly tight: Set<string>;
  /** A condition did not hold: a record was changed between the read and the write. */
  conflicted = false;
  /** The items as they are where conditions of the last refused write did not hold. */
  refused: ReadonlyMap<string, Item | undefined> = new Map();
  readonly usage: Usage;
  /** Who writes. Absent where the steps bear the stamps of their authors already. */
  author: Author | undefined;
  readonly #requests: Requests;
  readonly #items = new Map<string, Item | undefined>();
  readonly #pages = new Map<Query<unknown>, Page>();
  /** Pages of Queries that are read in part. */
  readonly #begun = new Map<Query<unknown>, Page>();

  /**
   * @param faults milliseconds for which a request is sent again that the database throttles or does not answer
   * @param other a view that counts its use together with this one
   */
  constructor(client?: DocumentClient, table?: string, faults = FAULTS, other?: Database) {
    this.#requests = other ? other.#requests : new Requests(client ?? documentClient(), table ?? tableName(), faults);
    this.usage = this.#requests.usage;
    this.tight = other?.tight ?? new Set();
    this.events = other?.events ?? {};
  }

  /** Another view of the table for the same call, with an empty cache and no author. Its use is counted here. */
  beside(): Database {
    return new Database(undefined, undefined, undefined, this);
  }

  /** Reads all of it in one round trip: BatchGets of up to 100 keys and Queries, in parallel. */
  async read<R extends Reads>(reads: R): Promise<Records<R>> {
    await this.load([reads]);
    return this.records(reads);
  }

  /**
   * `read`, for records that are used later.
   * @param units the most read units that this round trip can cost; see `planReads`
   * @returns what remains to be loaded; a Query continues where it stopped
   */
  async load(reads: readonly Reads[], units = Number.POSITIVE_INFINITY): Promise<Read<unknown>[]> {
    const { keys, queries, left } = planReads(reads, units);
    const requests: Promise<unknown>[] = [];
    for (let from = 0; from < keys.length; from += BATCH) requests.push(this.#getBatch(keys.slice(from, from + BATCH)));
    for (const [read, entries] of queries)
      requests.push(this.#query(read, entries).then((complete) => complete || left.push(read)));
    if (requests.length > 0) this.usage.trips++;
    await Promise.all(requests);
    return left;
  }

  /** The records of reads that were made before, as the cache has them now. */
  records<R extends Reads>(reads: R): Records<R> {
    return fillShape(reads, (read) =>
      isGet(read) ? read.parse(this.#items.get(keyText(read.get))) : read.parse(this.#pages.get(read) ?? emptyPage()),
    ) as Records<R>;
  }

  /** An item of the cache; undefined where this call has neither read it nor met it in a failed condition. */
  cached<T>({ get, parse }: Get<T>): { record: T } | undefined {
    const key = keyText(get);
    return this.#items.has(key) ? { record: parse(this.#items.get(key)) } : undefined;
  }

  async #getBatch(keys: Key[]): Promise<void> {
    for (const key of keys) this.#items.set(keyText(key), undefined);
    const items = await this.#requests.getBatch(keys);
    this.#cache(items.map((item) => current(item)));
  }

  #cache(items: Item[]) {
    for (const item of items) this.#items.set(keyText(item), item);
  }

  /** Reads at most so many entries more. @returns whether the page is complete; otherwise the next call continues it */
  async #query(read: Query<unknown>, entries: number): Promise<boolean> {
    const { index, between, all, limit = Number.POSITIVE_INFINITY } = read.query;
    const page = this.#begun.get(read) ?? emptyPage();
    this.#begun.delete(read);
    this.#pages.set(read, page);
    // The database refuses an empty range. Keys are ASCII, so code units order them.
    if (between[0] > between[1]) return true;
    const end = Math.min(limit, page.evaluated + entries);
    do {
      const next = await this.#requests.query(read, end - page.evaluated, page.last);
      const items = next.items.map((item) => current(item));
      page.items.push(...items);
      // Only the base table brings whole items.
      if (!index) this.#cache(items);
      page.count += next.count;
      page.evaluated += next.evaluated;
      page.last = next.last;
    } while (all && page.last && page.evaluated < end);
    if (!page.last || end === limit || page.evaluated < end) return true;
    this.#begun.set(read, page);
    return false;
  }

  /**
   * Writes all steps or none, and sends the write again where the database throttles, does not answer or reports a
   * conflict with another transaction.
   * @returns true when written: the cache then shows it. False when a condition did not hold: the cache then shows the
   *   items as they are, so that the same decision, made again, finds the reason.
   * @throws Unavailable where that lasts; after faults of the database the write may have been done
   */
  async write(unstamped: Step[]): Promise<boolean> {
    if (unstamped.length === 0) return true;
    const { author } = this;
    const now = Date.now();
    const steps = author ? unstamped.map((step) => stamped(step, author, now)) : unstamped;
    this.usage.trips++;
    const faults = new Patience(this.#requests.faults, UNANSWERED);
    const contention = new Patience(CONTENTION, CONTENDED);
    let token = randomUUID();
    let maybeDone = false;
    let conflicts = 0;
    for (;;) {
      try {
        this.#tell('large_collections', await this.#requests.write(steps, token));
        break;
      } catch (error) {
        const fault = faultOf(error);
        this.#tell('full_collections', fullCollections(error, steps));
        if (fault === 'broken') throw error;
        if (fault === 'condition') {
          this.takeOver(foundBy(error, steps));
          const [only] = steps;
          // The database recognizes a transaction by its token. A single write is recognized by the item that it left.
          if (maybeDone && only && goesAlone(steps) && isDone(only, this.#items.get(keyText(only.key)))) break;
          await this.#upgradeRefused();
          return false;
        }
        maybeDone ||= fault === 'unanswered';
        // It may have committed: with the same token, the database does not write it twice.
        if (!maybeDone) token = randomUUID();
        if (fault === 'contended' && ++conflicts >= QUEUE_AFTER && !maybeDone) {
          const outcome = await steps.find(({ queued }) => queued)?.queued?.(this, steps);
          if (outcome === 'done') break;
          if (outcome === 'refused') {
            await this.#upgradeRefused();
            return false;
          }
          if (outcome === 'too late') throw new Unavailable(CONTENDED, { cause: error });
        }
        await (fault === 'contended' ? contention.again(error, MIN_ATTEMPTS) : faults.again(error));
      }
    }
    for (const step of steps) {
      this.#items.set(keyText(step.key), itemAfter(step, this.#items.get(keyText(step.key))));
      if (step.event) this.#count(step.event);
    }
    return true;
  }

  #tell(event: MeasuredEvent, collections: readonly string[]) {
    for (const key of collections) {
      this.#count(event);
      this.tight.add(key);
    }
  }

  #count(event: MeasuredEvent) {
    this.events[event] = (this.events[event] ?? 0) + 1;
  }

  /** Conditions did not hold on these items: the cache then shows them as they are. */
  takeOver(found: ReadonlyMap<string, Item | undefined>): void {
    for (const [text, item] of found) this.#items.set(text, item && current(item));
    this.refused = found;
    this.conflicted = true;
  }

  /** Upgrades what refused the last write because it is stored in an older shape. Another call may have been faster. */
  async #upgradeRefused(): Promise<void> {
    for (const item of this.refused?.values() ?? []) {
      const step = item && upgrade(item);
      if (step) await this.beside().write([step]);
    }
  }

  /**
   * Writes a step on which nothing depends (presence, last use), in parallel with the call's other requests. It is sent
   * once, and left out after a failed condition, a conflict or a fault.
   */
  async touch(step: Step): Promise<void> {
    await this.#writeOnce(step, TOUCH_LIMIT).catch(() => {});
  }

  /**
   * Writes a count on which nothing depends, and sends it again for a while: somebody who keeps its item busy by parallel
   * calls must not escape it. It may be written twice, and is left out after a longer fault.
   * @param insist false: it is sent once, like a touch
   * @returns whether its condition did not hold
   */
  async count(step: Step, insist: boolean): Promise<boolean> {
    const patience = new Patience(COUNT_FAULTS, UNANSWERED);
    for (;;) {
      try {
        await this.#writeOnce(step, insist ? COUNT_LIMIT : TOUCH_LIMIT);
        return false;
      } catch (error) {
        const fault = faultOf(error);
        if (fault === 'condition' || fault === 'broken' || !insist) return fault === 'condition';
        const again = await patience.again(error, COUNT_ATTEMPTS).then(
          () => true,
          () => false,
        );
        if (!again) return false;
      }
    }
  }

  async #writeOnce(step: Step, timeLimit: number): Promise<void> {
    try {
      await this.#requests.writeAlone(step, timeLimit);
      if (step.event) this.#count(step.event);
    } catch (error) {
      // The database charges a failed condition too.
      if (faultOf(error) === 'condition') this.usage.writeUnits++;
      throw error;
    }
  }
}

const emptyPage = (): Page => ({ items: [], count: 0, evaluated: 0, last: undefined });
