import { unmarshall } from '@aws-sdk/util-dynamodb';
import { GLOBAL_INDEX, PARTITION_KEY } from '../../../shared/data/table.ts';
import { type Image, itemBytes, readUnits, writeUnits } from '../units.ts';
import {
  type Answer,
  type Batches,
  cancelled,
  divided,
  type Input,
  itemText,
  keyOf,
  type Statement,
  throttled,
  type WireItem,
  type WireRequest,
  writesOf,
} from './wire.ts';

/** Units a second that one partition key takes. */
export interface Rates {
  read: number;
  write: number;
}

/** Items at one moment, by `itemText`. */
export type Images = Map<string, Image>;

/**
 * Bounds what each partition key takes, however much the table as a whole could: AWS never splits a key of a table with
 * local indexes, nor the end of an index at which a rising sort key is written. A full key of the global index
 * throttles the writes of the table. Units are those of `units.ts`.
 */
export class Capacity {
  readonly #rates: Rates;
  /** Units left of each key, at most those of a second; below 0 after a request that used more. */
  readonly #levels = new Map<string, { left: number; at: number }>();

  constructor(rates: Rates) {
    this.#rates = rates;
  }

  #left(kind: keyof Rates, partition: string): number {
    const level = this.#levels.get(kind + partition);
    const filled = level && level.left + ((performance.now() - level.at) * this.#rates[kind]) / 1000;
    return Math.min(filled ?? Number.POSITIVE_INFINITY, this.#rates[kind]);
  }

  #take(kind: keyof Rates, partition: string, units: number) {
    const at = performance.now();
    this.#levels.set(kind + partition, { left: this.#left(kind, partition) - units, at });
    if (this.#levels.size < 10_000) return;
    // Those have filled up again.
    for (const [key, level] of this.#levels) if (at - level.at > 60_000) this.#levels.delete(key);
  }

  #isUsedUp = (kind: keyof Rates, partition: string | undefined) =>
    partition !== undefined && this.#left(kind, partition) <= 0;

  /** The answer to a write that meets a used-up key. */
  refusalOfWrite(request: WireRequest, before: Images): Answer | undefined {
    const limits = writesOf(request).map(({ statement }) => {
      if (this.#isUsedUp('write', partitionOf(statement))) return 'Table';
      const images = [before.get(itemText(statement)), statement.Item && unmarshall(statement.Item)];
      return images.some((image) => this.#isUsedUp('write', indexPartitionOf(image))) ? 'Index' : undefined;
    });
    const limit = limits.find(Boolean);
    if (!limit) return undefined;
    return request.input.TransactItems
      ? cancelled(limits.map((limit) => (limit ? 'ThrottlingError' : 'None')))
      : throttled(`${limit}WriteKeyRangeThroughputExceeded`);
  }

  /** Counts a write, done or not: failed conditions and conflicts cost too. */
  countWrite(request: WireRequest, before: Images = new Map(), after: Images = before) {
    for (const { statement } of writesOf(request)) {
      const [was, is] = [before.get(itemText(statement)), after.get(itemText(statement))];
      this.#take('write', partitionOf(statement), writeUnits(was, is, request.input.TransactItems !== undefined));
      const entries = [was, is].map(indexPartitionOf);
      if (entries[0] !== entries[1]) for (const entry of entries) if (entry) this.#take('write', entry, 1);
    }
  }

  /** The part of a read that may be done now, undefined if none; and what is left of a batch. */
  mayRead({ input }: WireRequest): { taken?: Input; left?: Batches } {
    if (!input.RequestItems)
      return this.#isUsedUp('read', partitionOf(queried(input))) ? { left: {} } : { taken: input };
    const { taken, left } = divided(input.RequestItems, (item) => !this.#isUsedUp('read', partitionOf(item)));
    if (Object.keys(left).length === 0) return { taken: input };
    return Object.keys(taken).length === 0 ? { left } : { taken: { ...input, RequestItems: taken }, left };
  }

  countRead({ input }: WireRequest, { status, body }: Answer) {
    if (status !== 200) return;
    const { Responses = {}, ConsumedCapacity: used } = JSON.parse(body) as ReadOutput;
    // DynamoDB Local counts reads of one partition as AWS does.
    if (!input.RequestItems) this.#take('read', partitionOf(queried(input)), used?.CapacityUnits ?? 1);
    for (const [TableName, { Keys, ConsistentRead }] of Object.entries(input.RequestItems ?? {})) {
      const found = new Map(Responses[TableName]?.map((Item) => [itemText({ TableName, Item }), unmarshall(Item)]));
      for (const Key of Keys) {
        const units = readUnits(itemBytes(found.get(itemText({ TableName, Key })) ?? {}));
        this.#take('read', partitionOf({ TableName, Key }), ConsistentRead ? units : units / 2);
      }
    }
  }
}

export const READ_THROTTLED = throttled('TableReadKeyRangeThroughputExceeded');

/** Of a batch, or of the other reads. */
interface ReadOutput {
  Responses?: Record<string, WireItem[]>;
  ConsumedCapacity?: { CapacityUnits?: number };
}

/** One text for one partition key of one table. */
const partitionOf = (statement: Statement): string =>
  JSON.stringify([statement.TableName, keyOf(statement)[PARTITION_KEY]]);

const indexPartitionOf = (image: Image | undefined): string | undefined =>
  image?.[GLOBAL_INDEX.partitionKey] === undefined
    ? undefined
    : `${GLOBAL_INDEX.name} ${image[GLOBAL_INDEX.partitionKey]}`;

/** A read of a single item or a Query, by the one partition key it names. */
function queried(input: Input): Statement {
  const { TableName = '', Key, KeyConditionExpression = '', ExpressionAttributeValues: values = {} } = input;
  const [, placeholder = ''] = /=\s*(:\w+)/.exec(KeyConditionExpression) ?? [];
  const value = values[placeholder];
  return { TableName, Key: Key ?? (value ? { [PARTITION_KEY]: value } : {}) };
}
