import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CancellationReason, ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  type DynamoDBDocumentClient,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { MeasuredEvent } from '../metrics.ts';
import { Unavailable } from '../refusal.ts';
import { documentClient, tableName } from './client.ts';
import { Expression } from './expression.ts';
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
  type Reads,
  type Records,
} from './read.ts';
import { applied, type Step, statement } from './step.ts';
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
/** A contended write is tried again for about this long (ms), then answered 503. */
const PATIENCE = 5000;
const MIN_ATTEMPTS = 12;
const IN_PROGRESS = 'TransactionInProgressException';

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
  /** A condition did not hold: what this call had read was changed before it wrote. */
  overtaken = false;
  readonly #items = new Map<string, Item | undefined>();
  readonly #pages = new Map<Query<unknown>, Page>();

  constructor(client = documentClient(), table = tableName()) {
    this.#client = client;
    this.#table = table;
  }

  /** Reads all of it in one round trip: BatchGets of up to 100 keys and Queries, side by side. */
  async read<R extends Reads>(reads: R): Promise<Records<R>> {
    await this.load([reads]);
    return this.records(reads);
  }

  /** As `read`, for records that are looked at later. */
  async load(reads: readonly Reads[]): Promise<void> {
    const keys = new Map<string, Key>();
    const queries: Query<unknown>[] = [];
    for (const read of reads.flatMap(flat)) {
      if (isGet(read)) keys.set(keyText(read.get), read.get);
      else queries.push(read);
    }
    const wanted = [...keys.values()];
    const batches: Promise<void>[] = [];
    for (let from = 0; from < wanted.length; from += BATCH)
      batches.push(this.#getBatch(wanted.slice(from, from + BATCH)));
    if (batches.length + queries.length > 0) this.usage.trips++;
    await Promise.all([...batches, ...queries.map(async (read) => this.#pages.set(read, await this.#query(read)))]);
  }

  /** The records of reads that were made before, as this call knows them now. */
  records<R extends Reads>(reads: R): Records<R> {
    return fillShape(reads, (read) =>
      isGet(read)
        ? read.parse(this.#items.get(keyText(read.get)))
        : read.parse(this.#pages.get(read) ?? { items: [], count: 0, last: undefined }),
    ) as Records<R>;
  }

  /** What this call knows of an item: undefined where it has neither read it nor met it in a failed condition. */
  known<T>({ get, parse }: Get<T>): { record: T } | undefined {
    const key = keyText(get);
    return this.#items.has(key) ? { record: parse(this.#items.get(key)) } : undefined;
  }

  async #getBatch(keys: Key[]): Promise<void> {
    for (const key of keys) this.#items.set(keyText(key), undefined);
    let pending: Item[] = keys as unknown as Item[];
    for (let attempt = 1; pending.length > 0; attempt++) {
      const { Responses, UnprocessedKeys, ConsumedCapacity } = await this.#send(() =>
        this.#client.send(
          new BatchGetCommand({
            RequestItems: { [this.#table]: { Keys: pending, ConsistentRead: true } },
            ReturnConsumedCapacity: 'TOTAL',
          }),
        ),
      );
      this.#countReads(ConsumedCapacity);
      for (const item of Responses?.[this.#table] ?? []) this.#items.set(keyText(item as unknown as Key), item);
      pending = UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (pending.length > 0) {
        if (attempt === MIN_ATTEMPTS) throw new Unavailable('the database does not take all reads');
        await sleep(jitter(attempt));
      }
    }
  }

  async #query({ query }: Query<unknown>): Promise<Page> {
    const expression = new Expression();
    const sortKey = query.index ? LOCAL_INDEXES.find(({ name }) => name === query.index)!.sortKey : SORT_KEY;
    const [from, to] = query.between;
    const input = {
      TableName: this.#table,
      ...(query.index && { IndexName: query.index }),
      KeyConditionExpression: `${expression.name(PARTITION_KEY)} = ${expression.value(query.partition)} AND ${expression.name(sortKey)} BETWEEN ${expression.value(from)} AND ${expression.value(to)}`,
      ...expression.placeholders(),
      ScanIndexForward: !query.descending,
      ConsistentRead: true,
      ...(query.count && { Select: 'COUNT' as const }),
      ReturnConsumedCapacity: 'TOTAL' as const,
    };
    const page: Page = { items: [], count: 0, last: undefined };
    // Nothing lies between them; the database would not answer but refuse. Keys are ASCII: code units order them.
    if (from > to) return page;
    do {
      const { Items, Count, LastEvaluatedKey, ConsumedCapacity } = await this.#send(() =>
        this.#client.send(
          new QueryCommand({
            ...input,
            ...(query.limit && { Limit: query.limit - page.count }),
            ExclusiveStartKey: page.last,
          }),
        ),
      );
      this.#countReads(ConsumedCapacity && [ConsumedCapacity]);
      page.items.push(...(Items ?? []));
      // Whole items of the base table are as good as those of a BatchGet.
      if (!query.index) for (const item of Items ?? []) this.#items.set(keyText(item as unknown as Key), item);
      page.count += Count ?? 0;
      page.last = LastEvaluatedKey;
    } while (query.all && page.last && page.count < (query.limit ?? Number.POSITIVE_INFINITY));
    return page;
  }

  /**
   * Writes all steps or none. True when done: the records then show it. False when a condition did not hold: the
   * records then show what is really there, so that the same decision, made again, finds the reason.
   * Contention with other transactions is waited out.
   * @throws Unavailable when it lasts
   */
  async write(steps: Step[]): Promise<boolean> {
    if (steps.length === 0) return true;
    this.usage.trips++;
    const started = Date.now();
    let token = randomUUID();
    let inProgress = false;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#commit(steps, token);
        for (const step of steps) {
          this.#items.set(keyText(step.key), applied(step, this.#items.get(keyText(step.key))));
          if (step.event) this.#count(step.event);
        }
        return true;
      } catch (error) {
        const outcome = this.#outcome(error, steps);
        if (outcome === 'refused') {
          this.overtaken = true;
          return false;
        }
        if (outcome !== 'contended') throw error;
        if (attempt >= MIN_ATTEMPTS && Date.now() - started > PATIENCE)
          throw new Unavailable('a record stays contended', { cause: error });
        // One that was in progress may have gone through, whatever the next attempts meet: by its token it is done once.
        inProgress ||= (error as Error).name === IN_PROGRESS;
        if (!inProgress) token = randomUUID();
        await sleep(jitter(attempt));
      }
    }
  }

  /** One step goes alone at half the price, but for counters: those need the transaction's token against repetition. */
  async #commit(steps: Step[], token: string): Promise<void> {
    const [only] = steps;
    if (steps.length === 1 && only && only.action !== 'check' && !only.changes?.add) {
      const input = { ...statement(only, this.#table), ...REPORT };
      const { ConsumedCapacity, ItemCollectionMetrics } = await this.#send(() =>
        only.action === 'put'
          ? this.#client.send(new PutCommand(input as ConstructorParameters<typeof PutCommand>[0]))
          : only.action === 'update'
            ? this.#client.send(new UpdateCommand(input as ConstructorParameters<typeof UpdateCommand>[0]))
            : this.#client.send(new DeleteCommand(input as ConstructorParameters<typeof DeleteCommand>[0])),
      );
      this.usage.writeUnits += ConsumedCapacity?.CapacityUnits ?? 0;
      this.#tell('large_collections', largeCollections(ItemCollectionMetrics && [ItemCollectionMetrics]));
      return;
    }
    const command = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' } as const;
    const { ConsumedCapacity, ItemCollectionMetrics } = await this.#send(() =>
      this.#client.send(
        new TransactWriteCommand({
          TransactItems: steps.map((step) => ({ [command[step.action]]: statement(step, this.#table) })),
          ClientRequestToken: token,
          ...REPORT,
        }),
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

  /** Why a write failed; where conditions did, takes over what the database says is really there. */
  #outcome(error: unknown, steps: Step[]): 'refused' | 'contended' | 'broken' {
    const { name, Item, CancellationReasons } = error as {
      name: string;
      Item?: Item;
      CancellationReasons?: CancellationReason[];
    };
    if (name === 'ConditionalCheckFailedException') {
      this.#items.set(keyText(steps[0]!.key), Item && unmarshalled(Item));
      return 'refused';
    }
    if (name === 'TransactionConflictException' || name === IN_PROGRESS) return 'contended';
    const reasons = CancellationReasons ?? [{ Code: name }];
    const full = steps.filter((_, index) => isFull(reasons[index]?.Code));
    this.#tell(
      'full_collections',
      full.map(({ key }) => key.pk),
    );
    if (name !== 'TransactionCanceledException') return 'broken';
    const failed = reasons.flatMap(({ Code }, index) => (Code === 'ConditionalCheckFailed' ? [index] : []));
    for (const index of failed) {
      const item = reasons[index]?.Item;
      this.#items.set(keyText(steps[index]!.key), item && unmarshalled(item));
    }
    if (failed.length > 0) return 'refused';
    const passing = ['TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded'];
    return reasons.some(({ Code }) => passing.includes(Code ?? '')) ? 'contended' : 'broken';
  }

  /**
   * Writes one step beside the call's own requests, for notes nobody waits for (presence, last use). A condition that
   * does not hold, contention and throttling are all the same to it: the note is left out.
   */
  async note(step: Step): Promise<void> {
    try {
      const { ConsumedCapacity } = await this.#client.send(
        new UpdateCommand({
          ...statement({ ...step }, this.#table),
          ReturnConsumedCapacity: 'TOTAL',
        } as ConstructorParameters<typeof UpdateCommand>[0]),
      );
      this.usage.requests++;
      this.usage.writeUnits += ConsumedCapacity?.CapacityUnits ?? 0;
    } catch {
      // The call itself does not depend on it, and the next minute brings the next note.
    }
  }

  async #send<T>(request: () => Promise<T>): Promise<T> {
    this.usage.requests++;
    try {
      return await request();
    } catch (error) {
      if (PASSING.has((error as Error).name))
        throw new Unavailable('the database does not answer now', { cause: error });
      throw error;
    }
  }

  #countReads(consumed: ConsumedCapacity[] | undefined) {
    this.usage.readUnits += sum(consumed);
  }
}

/** What every write is asked to answer. Sizes of item collections cost nothing, and only a write tells them. */
const REPORT = { ReturnConsumedCapacity: 'TOTAL', ReturnItemCollectionMetrics: 'SIZE' } as const;

/** Faults that pass: throttling, and no answer in time, after the client's own retries. */
const PASSING = new Set([
  'TimeoutError',
  'ProvisionedThroughputExceededException',
  'ThrottlingException',
  'RequestLimitExceeded',
  'RequestThrottledException',
]);

const sum = (consumed: ConsumedCapacity[] | undefined) =>
  (consumed ?? []).reduce((units, { CapacityUnits }) => units + (CapacityUnits ?? 0), 0);

/** Full jitter: anything up to a limit that doubles from 20 ms to 1 s. */
const jitter = (attempt: number) => Math.random() * Math.min(1000, 20 * 2 ** attempt);

/** The items of exceptions come as the wire has them. */
const unmarshalled = (item: object): Item => unmarshall(item as Parameters<typeof unmarshall>[0]);
