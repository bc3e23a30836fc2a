import { unmarshall } from '@aws-sdk/util-dynamodb';
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
  type Tables,
  throttled,
  type WireItem,
  type WireRequest,
  writesOf,
} from './wire.ts';

/** Units per second that one partition key takes. */
export interface Rates {
  read: number;
  write: number;
}

/** Items at one moment, by `itemText`. */
export type Images = Map<string, Image>;

/**
 * Limits the throughput of each partition key, independent of the table's: AWS never splits a key of a table with local
 * indexes, nor the end of an index that is written with a rising sort key. A full key of a global index throttles the
 * writes of the table. Units are those of `units.ts`.
 */
export class Capacity {
  readonly #rates: Rates;
  readonly #tables: Tables;
  /** Units left of each key: at most those of a second, below 0 after a request that used more. */
  readonly #levels = new Map<string, { left: number; at: number }>();

  constructor(rates: Rates, tables: Tables) {
    this.#rates = rates;
    this.#tables = tables;
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
    // Keys that nothing used for a minute are full again.
    for (const [key, level] of this.#levels) if (at - level.at > 60_000) this.#levels.delete(key);
  }

  #isUsedUp = (kind: keyof Rates, partition: string) => this.#left(kind, partition) <= 0;

  /** The answer to a write that meets a used-up key. */
  refusalOfWrite(request: WireRequest, before: Images): Answer | undefined {
    const limits = writesOf(request).map(({ statement }) => {
      if (this.#isUsedUp('write', this.#partitionOf(statement))) return 'Table';
      const images = [before.get(itemText(statement, this.#tables)), statement.Item && unmarshall(statement.Item)];
      const partitions = images.flatMap((image) => this.#indexPartitionsOf(statement, image));
      return partitions.some((partition) => this.#isUsedUp('write', partition)) ? 'Index' : undefined;
    });
    const limit = limits.find(Boolean);
    if (!limit) return undefined;
    return request.input.TransactItems
      ? cancelled(limits.map((limit) => (limit ? 'ThrottlingError' : 'None')))
      : throttled(`${limit}WriteKeyRangeThroughputExceeded`);
  }

  /** Counts a write. A write that fails by a condition or conflict costs units too. */
  countWrite(request: WireRequest, before: Images = new Map(), after: Images = before) {
    const inTransaction = request.input.TransactItems !== undefined;
    for (const { statement } of writesOf(request)) {
      const shape = this.#tables(statement.TableName);
      if (!shape) continue;
      const text = itemText(statement, this.#tables);
      const [was, is] = [before.get(text), after.get(text)];
      this.#take('write', this.#partitionOf(statement), writeUnits(shape, was, is, inTransaction));
      const [old, now] = [this.#indexPartitionsOf(statement, was), this.#indexPartitionsOf(statement, is)];
      // An entry that stays in its partition costs nothing there.
      const moved = [...old, ...now].filter((partition) => !old.includes(partition) || !now.includes(partition));
      for (const partition of moved) this.#take('write', partition, 1);
    }
  }

  /** The part of a read that may be done now, undefined if none; and the rest of a batch. */
  mayRead({ input }: WireRequest): { taken?: Input; left?: Batches } {
    if (!input.RequestItems)
      return this.#isUsedUp('read', this.#partitionRead(input)) ? { left: {} } : { taken: input };
    const { taken, left } = divided(input.RequestItems, (item) => !this.#isUsedUp('read', this.#partitionOf(item)));
    if (Object.keys(left).length === 0) return { taken: input };
    return Object.keys(taken).length === 0 ? { left } : { taken: { ...input, RequestItems: taken }, left };
  }

  countRead({ input }: WireRequest, { status, body }: Answer) {
    if (status !== 200) return;
    const { Responses = {}, ConsumedCapacity: used } = JSON.parse(body) as ReadOutput;
    // DynamoDB Local counts reads of one partition as AWS does.
    if (!input.RequestItems) this.#take('read', this.#partitionRead(input), used?.CapacityUnits ?? 1);
    for (const [TableName, { Keys, ConsistentRead }] of Object.entries(input.RequestItems ?? {})) {
      const found = new Map(
        Responses[TableName]?.map((Item) => [itemText({ TableName, Item }, this.#tables), unmarshall(Item)]),
      );
      for (const Key of Keys) {
        const units = readUnits(itemBytes(found.get(itemText({ TableName, Key }, this.#tables)) ?? {}));
        this.#take('read', this.#partitionOf({ TableName, Key }), ConsistentRead ? units : units / 2);
      }
    }
  }

  /** A text that is the same for the same partition key of the same table, and no other. */
  #partitionOf(statement: Statement): string {
    const [partitionKey = ''] = this.#tables(statement.TableName)?.key ?? [];
    return JSON.stringify([statement.TableName, keyOf(statement, this.#tables)[partitionKey]]);
  }

  /** The same for the partitions of global indexes that hold an entry of the item. */
  #indexPartitionsOf({ TableName }: Statement, image: Image | undefined): string[] {
    return (this.#tables(TableName)?.indexes ?? []).flatMap(({ name, key: [partitionKey = ''], isGlobal }) =>
      isGlobal && image?.[partitionKey] !== undefined ? [JSON.stringify([TableName, name, image[partitionKey]])] : [],
    );
  }

  /** The partition of a GetItem or Query, which names exactly one. */
  #partitionRead(input: Input): string {
    const { TableName = '', Key, KeyConditionExpression = '', ExpressionAttributeValues: values = {} } = input;
    const [, placeholder = ''] = /=\s*(:\w+)/.exec(KeyConditionExpression) ?? [];
    const value = values[placeholder];
    const [partitionKey = ''] = this.#tables(TableName)?.key ?? [];
    return this.#partitionOf({ TableName, Key: Key ?? (value ? { [partitionKey]: value } : {}) });
  }
}

export const READ_THROTTLED = throttled('TableReadKeyRangeThroughputExceeded');

/** Of a batch, or of the other reads. */
interface ReadOutput {
  Responses?: Record<string, WireItem[]>;
  ConsumedCapacity?: { CapacityUnits?: number };
}
