import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import type {
  DeleteCommandInput,
  PutCommandInput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { attempt, Patience } from '../deadline.ts';
import type { DocumentClient } from './client.ts';
import { Expression } from './expression.ts';
import { faultOf } from './fault.ts';
import { largeCollections } from './item-collections.ts';
import type { Key } from './keys.ts';
import type { Item, Page, Query } from './read.ts';
import { goesAlone, type Step, statement } from './step.ts';
import { GLOBAL_INDEX, LOCAL_INDEXES, PARTITION_KEY, SORT_KEY } from './table.ts';

/** What a call has used of the database so far, for its log line. */
export interface Usage {
  /** Sequential round trips. */
  trips: number;
  requests: number;
  readUnits: number;
  writeUnits: number;
}

/**
 * Time limit of one request (ms): it usually takes 5, and about 100 for 1 MB or 100 items. Who is patient with faults waits
 * longer for an answer, too.
 */
const TIME_LIMIT = 1500;
export const UNANSWERED = 'the database does not answer now';
/** Attempts of a BatchGet that the database answers in part. */
const MIN_ATTEMPTS = 12;

/** Every write is asked for these. Sizes of item collections cost nothing, and only writes tell them. */
const REPORT = { ReturnConsumedCapacity: 'TOTAL', ReturnItemCollectionMetrics: 'SIZE' } as const;

/** The DynamoDB requests of one call: each within its time limit, and all counted. Reads are sent again after a fault. */
export class Requests {
  readonly usage: Usage = { trips: 0, requests: 0, readUnits: 0, writeUnits: 0 };
  readonly #client: DocumentClient;
  readonly #table: string;
  /** Milliseconds for which a request is sent again that the database throttles or does not answer. */
  readonly faults: number;

  constructor(client: DocumentClient, table: string, faults: number) {
    this.#client = client;
    this.#table = table;
    this.faults = faults;
  }

  /** The items of at most 100 keys that exist. */
  async getBatch(keys: Key[]): Promise<Item[]> {
    const found: Item[] = [];
    let pending: object[] = keys;
    const patience = new Patience(this.faults, UNANSWERED);
    while (pending.length > 0) {
      const input = {
        RequestItems: { [this.#table]: { Keys: pending as Item[], ConsistentRead: true } },
        ReturnConsumedCapacity: 'TOTAL' as const,
      };
      const { Responses, UnprocessedKeys, ConsumedCapacity } = await this.#ask((options) =>
        this.#client.batchGet(input, options),
      );
      this.usage.readUnits += sum(ConsumedCapacity);
      found.push(...(Responses?.[this.#table] ?? []));
      pending = UnprocessedKeys?.[this.#table]?.Keys ?? [];
      if (pending.length > 0) await patience.again('the database did not take all reads', MIN_ATTEMPTS);
    }
    return found;
  }

  /** Reads the next part of a page: as much as the database gives at once, and at most `limit` entries. */
  async query({ query }: Query<unknown>, limit: number, after: Item | undefined): Promise<Page> {
    const input = {
      ...queryInput(query),
      TableName: this.#table,
      ...(Number.isFinite(limit) && { Limit: limit }),
      ExclusiveStartKey: after,
    };
    const output = await this.#ask((options) => this.#client.query(input, options));
    const { Items: items = [], Count: count = 0, ScannedCount: evaluated = count, ConsumedCapacity } = output;
    this.usage.readUnits += ConsumedCapacity?.CapacityUnits ?? 0;
    return { items, count, evaluated, last: output.LastEvaluatedKey };
  }

  /**
   * Sends the steps once.
   * @param token by which the database writes a transaction once, however often it is sent
   * @returns partition keys whose items are near the size that they may have
   */
  async write(steps: Step[], token: string): Promise<string[]> {
    const [only] = steps;
    if (only && goesAlone(steps)) return this.writeAlone(only);
    const command = { put: 'Put', update: 'Update', delete: 'Delete', check: 'ConditionCheck' } as const;
    const input = {
      TransactItems: steps.map((step) => ({ [command[step.action]]: statement(step, this.#table) })),
      ClientRequestToken: token,
      ...REPORT,
    };
    const { ConsumedCapacity, ItemCollectionMetrics } = await this.#send((options) =>
      this.#client.transactWrite(input, options),
    );
    this.usage.writeUnits += sum(ConsumedCapacity);
    return largeCollections(ItemCollectionMetrics?.[this.#table]);
  }

  /** Sends one step that needs no transaction. */
  async writeAlone(step: Step, timeLimit?: number): Promise<string[]> {
    const input = { ...statement(step, this.#table), ...REPORT };
    const { ConsumedCapacity, ItemCollectionMetrics } = await this.#send<Written>((options) => {
      if (step.action === 'put') return this.#client.put(input as PutCommandInput, options);
      if (step.action === 'delete') return this.#client.delete(input as DeleteCommandInput, options);
      return this.#client.update(input as UpdateCommandInput, options);
    }, timeLimit);
    this.usage.writeUnits += ConsumedCapacity?.CapacityUnits ?? 0;
    return largeCollections(ItemCollectionMetrics && [ItemCollectionMetrics]);
  }

  /** Sends a read, again after a fault. @throws Unavailable where the database does not answer */
  async #ask<T>(request: Request<T>): Promise<T> {
    const patience = new Patience(this.faults, UNANSWERED);
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

  #send<T>(request: Request<T>, timeLimit = Math.max(TIME_LIMIT, this.faults / 3)): Promise<T> {
    return attempt(timeLimit, (abortSignal) => {
      this.usage.requests++;
      return request({ abortSignal });
    });
  }
}

type Written = Pick<UpdateCommandOutput, 'ConsumedCapacity' | 'ItemCollectionMetrics'>;

type Request<T> = (options: { abortSignal: AbortSignal }) => Promise<T>;

/** Sort keys of all indexes, and the partition key of the global one. */
const INDEXES: readonly { name: string; sortKey: string; partitionKey?: string }[] = [...LOCAL_INDEXES, GLOBAL_INDEX];

function queryInput({ partition, index, between: [from, to], filter, descending, count }: Query<unknown>['query']) {
  const expression = new Expression();
  const { partitionKey = PARTITION_KEY, sortKey = SORT_KEY } = INDEXES.find(({ name }) => name === index) ?? {};
  return {
    ...(index && { IndexName: index }),
    KeyConditionExpression: `${expression.name(partitionKey)} = ${expression.value(partition)} AND ${expression.name(sortKey)} BETWEEN ${expression.value(from)} AND ${expression.value(to)}`,
    ...(filter && { FilterExpression: filter(expression) }),
    ...expression.placeholders(),
    ScanIndexForward: !descending,
    // DynamoDB refuses it of a global index.
    ConsistentRead: partitionKey === PARTITION_KEY,
    ...(count && { Select: 'COUNT' as const }),
    ReturnConsumedCapacity: 'TOTAL' as const,
  };
}

const sum = (consumed: ConsumedCapacity[] | undefined) =>
  (consumed ?? []).reduce((units, { CapacityUnits }) => units + (CapacityUnits ?? 0), 0);
