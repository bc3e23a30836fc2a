import { randomUUID } from 'node:crypto';
import type { CancellationReason, ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  type DeleteCommandInput,
  type DynamoDBDocumentClient,
  PutCommand,
  type PutCommandInput,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { attempt, Patience } from '../deadline.ts';
import { Unavailable } from '../errors.ts';
import type { MeasuredEvent } from '../metrics.ts';
import { documentClient, tableName } from './client.ts';
import { Expression } from './expression.ts';
import { faultOf } from './fault.ts';
import { isFull, largeCollections } from './item-collections.ts';
import type { Key } from './keys.ts';
import {
  fillShape,
  flat,
  type Get,
  type Item,
  isGet,
  keyText,
  type Page,
  type Query,
  type Read,
  type Reads,
  type Records,
  UNIT,
} from './read.ts';
import { isDone, itemAfter, type Step, statement } from './step.ts';
import { LOCAL_INDEXES, PARTITION_KEY, SORT_KEY } from './table.ts';

/** What a call has used of the database so far, for its log line. */
export interface Usage {
  /** Sequential round trips. */
  trips: number;
  requests: number;
  readUnits: number;
  writeUnits: number;
}

const BATCH = 100;
/** Milliseconds that the database may take for one answer: usually it takes 5, for 1 MB or 100 items some 100. */
const ANSWER = 1500;
/** A request that the database does not answer, or throttles, is sent again for so long (ms): 503 comes within 5 seconds. */
const FAULTS = 3500;
/** A write on contended records is sent again for so long (ms), and at least so often. */
const CONTENTION = 5000;
const MIN_ATTEMPTS = 12;
const UNANSWERED = 'the database does not answer now';
const CONTENDED = 'a record stays contended';
/** A write on an item that many change goes into the item's queue after so many conflicts. */
const QUEUE_AFTER = 2;

/**
 * The table during one call: issues reads together, keeps what was read, and writes only what still holds.
 * Every read is strongly consistent.
 */
export class Database {
  readonly usage: Usage = { trips: 0, requests: 0, readUnits: 0, writeUnits: 0 };
  /** What the writes of this call have made happen. */
  readonly events: Partial<Record<MeasuredEvent, number>> = {};
  /** Partition keys that the writes of this call have found near the size they may have, or at it. */
  readonly tight = new Set<string>();
  readonly #client: DynamoDBDocumentClient;
  readonly #table: string;
  readonly #faults: number;
  /** A condition did not hold: what this call had read was changed before it wrote. */
  conflicted = false;
  /** What the conditions of the last write found that was refused. */
  refused: ReadonlyMap<string, Item | undefined> = new Map();
  readonly #items = new Map<string, Item | undefined>();
  readonly #pages = new Map<Query<unknown>, Page>();
  /** Pages of Queries that have more to bring. */
  readonly #begun = new Map<Query<unknown>, Page>();

  /** @param faults milliseconds for which a request is sent again that the database throttles or does not answer */
  constructor(client = documentClient(), table = tableName(), faults = FAULTS) {
    this.#client = client;
    this.#table = table;
    this.#faults = faults;
  }

  /** Another view of the table for the same call, which knows no records yet; its use is counted here. */
  beside(): Database {
    const other = new Database(this.#client, this.#table, this.#faults);
    return Object.assign(other, { usage: this.usage, tight: this.tight });
  }

  /** Reads all of it in one round trip: BatchGets of up to 100 keys and Queries, side by side. */
  async read<R extends Reads>(reads: R): Promise<Records<R>> {
    await this.load([reads]);
    return this.records(reads);
  }

  /**
   * As `read`, for records that are looked at later.
   * @param most read units that this round trip can cost at most: items are read in their order as far as that suffices,
   *   then the first entries of each Query
   * @returns what remains, to be loaded too: a Query goes on where it stopped
   */
  async load(reads: readonly Reads[], most = Number.POSITIVE_INFINITY): Promise<Read<unknown>[]> {
    const bounded = Number.isFinite(most);
    const left: Read<unknown>[] = [];
    const gets = new Map<string, Get<unknown>>();
    const queries: Query<unknown>[] = [];
    for (const read of reads.flatMap(flat)) {
      if (isGet(read)) gets.set(keyText(read.get), read);
      else if (bounded && read.query.entryBytes === undefined) left.push(read);
      else queries.push(read);
    }
    let units = most;
    const wanted: Key[] = [];
    for (const read of gets.values()) {
      const cost = Math.ceil((read.bytes ?? UNIT) / UNIT);
      if (cost > units) left.push(read);
      else {
        units -= cost;
        wanted.push(read.get);
      }
    }
    const requests: Promise<unknown>[] = [];
    for (let from = 0; from < wanted.length; from += BATCH)
      requests.push(this.#getBatch(wanted.slice(from, from + BATCH)));
    for (const [index, read] of queries.entries()) {
      let { limit: entries = Number.POSITIVE_INFINITY } = read.query;
      if (bounded) {
        const bytes = read.query.entryBytes ?? 0;
        const share = Math.floor(units / (queries.length - index));
        entries = Math.min(entries, Math.floor((share * UNIT) / bytes));
        units -= Math.ceil((entries * bytes) / UNIT);
      }
      if (entries > 0) requests.push(this.#query(read, entries).then((done) => done || left.push(read)));
      else left.push(read);
    }
    if (requests.length > 0) this.usage.trips++;
    await Promise.all(requests);
    return left;
  }

  /** The records of reads that were made before, as this call knows them now. */
  records<R extends Reads>(reads: R): Records<R> {
    return fillShape(reads, (read) =>
      isGet(read) ? read.parse(this.#items.get(keyText(read.get))) : read.parse(this.#pages.get(read) ?? emptyPage()),
    ) as Records<R>;
  }

  /** What this call knows of an item: undefined where it has neither read it nor met it in a failed condition. */
  cached<T>({ get, parse }: Get<T>): { record: T } | undefined {
    const key = keyText(get);
    return this.#items.has(key) ? { record: parse(this.#items.get(key)) } : undefined;
  }

  async #getBatch(keys: Key[]): Promise<void> {
    for (const key of keys) this.#items.set(keyText(key), undefined);
    let pending: Item[] = keys as unknown as Item[];
    const patience = new Patience(this.#faults, UNANSWERED);
    while (pending.length > 0) {
      const { Responses, UnprocessedKeys, ConsumedCapacity } = await this.#ask((options) =>
        this.#client.send(
          new BatchGetCommand({
            RequestItems: { [this.#table]: { Keys: pending, ConsistentRead: true } },
            ReturnConsumedCapacity: 'TOTAL',
          }),
          options,
        ),
      );
      this.#countReads(ConsumedCapacity);
      for (const item of Responses?.[this.#table] ?? []) this.#items.set(keyText(item as unknown as Key), item);
      pending = UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (pending.length > 0) await patience.again('the database did not take all reads', MIN_ATTEMPTS);
    }
  }

  /** @returns whether that is all of it; else the next call goes on, after `most` entries */
  async #query(read: Query<unknown>, most: number): Promise<boolean> {
    const { query } = read;
    const expression = new Expression();
    const sortKey = query.index ? LOCAL_INDEXES.find(({ name }) => name === query.index)!.sortKey : SORT_KEY;
    const [from, to] = query.between;
    const page = this.#begun.get(read) ?? emptyPage();
    this.#begun.delete(read);
    this.#pages.set(read, page);
    // Nothing lies between them; the database would not answer but refuse. Keys are ASCII: code units order them.
    if (from > to) return true;
    const input = {
      TableName: this.#table,
      ...(query.index && { IndexName: query.index }),
      KeyConditionExpression: `${expression.name(PARTITION_KEY)} = ${expression.value(query.partition)} AND ${expression.name(sortKey)} BETWEEN ${expression.value(from)} AND ${expression.value(to)}`,
      ...(query.filter && { FilterExpression: query.filter(expression) }),
      ...expression.placeholders(),
      ScanIndexForward: !query.descending,
      ConsistentRead: true,
      ...(query.count && { Select: 'COUNT' as const }),
      ReturnConsumedCapacity: 'TOTAL' as const,
    };
    const wanted = query.limit ?? Number.POSITIVE_INFINITY;
    const end = Math.min(wanted, page.evaluated + most);
    do {
      const {
        Items = [],
        Count = 0,
        ScannedCount = Count,
        LastEvaluatedKey,
        ConsumedCapacity,
      } = await this.#ask((options) =>
        this.#client.send(
          new QueryCommand({
            ...input,
            ...(Number.isFinite(end) && { Limit: end - page.evaluated }),
            ExclusiveStartKey: page.last,
          }),
          options,
        ),
      );
      this.#countReads(ConsumedCapacity && [ConsumedCapacity]);
      page.items.push(...Items);
      // Whole items of the base table are as good as those of a BatchGet.
      if (!query.index) for (const item of Items) this.#items.set(keyText(item as unknown as Key), item);
      page.count += Count;
      page.evaluated += ScannedCount;
      page.last = LastEvaluatedKey;
    } while (query.all && page.last && page.evaluated < end);
    if (!page.last || end === wanted || page.evaluated < end) return true;
    this.#begun.set(read, page);
    return false;
  }

  /**
   * Writes all steps or none. True when done: the records then show it. False when a condition did not hold: the
   * records then show what is really there, so that the same decision, made again, finds the reason.
   * A write that was not answered, that was throttled or that met another transaction is sent again.
   * @throws Unavailable when that lasts; after faults of the database the write may have been done
   */
  async write(steps: Step[]): Promise<boolean> {
    if (steps.length === 0) return true;
    this.usage.trips++;
    const faults = new Patience(this.#faults, UNANSWERED);
    const contention = new Patience(CONTENTION, CONTENDED);
    let token = randomUUID();
    let maybeDone = false;
    let conflicts = 0;
    for (;;) {
      try {
        await this.#commit(steps, token);
        break;
      } catch (error) {
        const fault = faultOf(error);
        this.#tell('full_collections', fullCollections(error as Failed, steps));
        if (fault === 'broken') throw error;
        if (fault === 'condition') {
          this.takeOver(foundBy(error as Failed, steps));
          const [only] = steps;
          // A transaction is known by its token. A single write is known by what it left.
          if (maybeDone && only && goesAlone(steps) && isDone(only, this.#items.get(keyText(only.key)))) break;
          return false;
        }
        maybeDone ||= fault === 'unanswered';
        // It may have been done: with the same token the database does it once.
        if (!maybeDone) token = randomUUID();
        if (fault === 'contended' && ++conflicts >= QUEUE_AFTER && !maybeDone) {
          const outcome = await steps.find(({ queued }) => queued)?.queued?.(this, steps);
          if (outcome === 'done') break;
          if (outcome === 'refused') return false;
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

  async #commit(steps: Step[], token: string): Promise<void> {
    const [only] = steps;
    if (only && goesAlone(steps)) {
      const { ConsumedCapacity, ItemCollectionMetrics } = await this.#single(only);
      this.usage.writeUnits += ConsumedCapacity?.CapacityUnits ?? 0;
      this.#tell('large_collections', largeCollections(ItemCollectionMetrics && [ItemCollectionMetrics]));
      return;
    }
    const command = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' } as const;
    const { ConsumedCapacity, ItemCollectionMetrics } = await this.#send((options) =>
      this.#client.send(
        new TransactWriteCommand({
          TransactItems: steps.map((step) => ({ [command[step.action]]: statement(step, this.#table) })),
          ClientRequestToken: token,
          ...REPORT,
        }),
        options,
      ),
    );
    this.usage.writeUnits += sum(ConsumedCapacity);
    this.#tell('large_collections', largeCollections(ItemCollectionMetrics?.[this.#table]));
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

  /** Conditions did not hold on these items: the records now show what is really there. */
  takeOver(found: ReadonlyMap<string, Item | undefined>): void {
    for (const [text, item] of found) this.#items.set(text, item);
    this.refused = found;
    this.conflicted = true;
  }

  /**
   * Writes one step beside the call's own requests, for notes nobody waits for (presence, last use): once. A condition
   * that does not hold, contention and every fault are all the same to it: the note is left out.
   */
  async touch(step: Step): Promise<void> {
    try {
      const { ConsumedCapacity } = await this.#single(step, NOTE);
      this.usage.writeUnits += ConsumedCapacity?.CapacityUnits ?? 0;
    } catch (error) {
      // The database charges the look at the item.
      if (faultOf(error) === 'condition') this.usage.writeUnits++;
    }
  }

  #single(step: Step, most?: number): Promise<Written> {
    const input = { ...statement(step, this.#table), ...REPORT };
    return this.#send<Written>((options) => {
      if (step.action === 'put') return this.#client.send(new PutCommand(input as PutCommandInput), options);
      if (step.action === 'delete') return this.#client.send(new DeleteCommand(input as DeleteCommandInput), options);
      return this.#client.send(new UpdateCommand(input as UpdateCommandInput), options);
    }, most);
  }

  /** Sends what may be sent any number of times. @throws Unavailable where the database does not answer */
  async #ask<T>(request: Request<T>): Promise<T> {
    const patience = new Patience(this.#faults, UNANSWERED);
    for (;;) {
      try {
        return await this.#send(request);
      } catch (error) {
        const fault = faultOf(error);
        if (fault !== 'unanswered' && fault !== 'throttled') throw error;
        await patience.again(error);
      }
    }
  }

  #send<T>(request: Request<T>, most = ANSWER): Promise<T> {
    return attempt(most, (abortSignal) => {
      this.usage.requests++;
      return request({ abortSignal });
    });
  }

  #countReads(consumed: ConsumedCapacity[] | undefined) {
    this.usage.readUnits += sum(consumed);
  }
}

/** Milliseconds that a note may take: a call may wait for it. */
const NOTE = 150;

type Written = Pick<UpdateCommandOutput, 'ConsumedCapacity' | 'ItemCollectionMetrics'>;

type Request<T> = (options: { abortSignal: AbortSignal }) => Promise<T>;

/** A failed condition, of a single write or of a transaction; items come as the wire has them. */
interface Failed {
  name: string;
  Item?: WireItem;
  CancellationReasons?: CancellationReason[];
}

type WireItem = NonNullable<CancellationReason['Item']>;

const FAILED = 'ConditionalCheckFailed';

/** Where conditions failed: what the database says is really there, by the key's text. */
const foundBy = ({ Item, CancellationReasons: reasons = [{ Code: FAILED, Item }] }: Failed, steps: Step[]) =>
  new Map(
    reasons.flatMap(({ Code, Item: item }, index) =>
      Code === FAILED ? [[keyText(steps[index]!.key), item && unmarshalled(item)] as const] : [],
    ),
  );

/** Partition keys that have no room for the write. */
const fullCollections = ({ name, CancellationReasons: reasons = [{ Code: name }] }: Failed, steps: Step[]): string[] =>
  steps.flatMap(({ key }, index) => (isFull(reasons[index]?.Code) ? [key.pk] : []));

/** One step goes alone at half the price, unless it must not be done twice: then it needs the transaction's token. */
const goesAlone = ([only, ...others]: Step[]) =>
  others.length === 0 && only !== undefined && only.action !== 'check' && !only.changes?.add && !only.once;

const emptyPage = (): Page => ({ items: [], count: 0, evaluated: 0, last: undefined });

/** What every write is asked to answer. Sizes of item collections cost nothing, and only a write tells them. */
const REPORT = { ReturnConsumedCapacity: 'TOTAL', ReturnItemCollectionMetrics: 'SIZE' } as const;

const sum = (consumed: ConsumedCapacity[] | undefined) =>
  (consumed ?? []).reduce((units, { CapacityUnits }) => units + (CapacityUnits ?? 0), 0);

const unmarshalled = (item: WireItem): Item => unmarshall(item);
