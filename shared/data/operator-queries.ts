import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand } from '@aws-sdk/client-dynamodb';
import { type DynamoDBDocument, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { Database } from './database.ts';
import type { Key } from './keys.ts';
import type { Item } from './read.ts';
import { GLOBAL_INDEX, PARTITION_KEY, SORT_KEY } from './table.ts';
import { current } from './versions.ts';

/** The table as operators reach it: outside of any call. */
export interface OperatorTable {
  client: DynamoDBDocument;
  name: string;
}

/** One per command: what it changes has the same cause. */
const cause = randomUUID();

/** The name by which events tell who it was: that of the login. Containers and services may have none. */
const OPERATOR = (process.env.USER ?? process.env.USERNAME ?? '').replaceAll(/[^\w.@-]/g, '') || 'unknown';

/**
 * A view of the table that knows no records yet. What it writes is the operator's.
 * @param faults as `Database` has it
 */
export function viewOf({ client, name }: OperatorTable, faults?: number): Database {
  const db = new Database(client, name, faults);
  db.author = { type: 'operator', id: OPERATOR, cause };
  return db;
}

/**
 * Keys of the items in one partition of the global index, page by page, in its order. That index lags behind the
 * table, so only operators may read it: no function of the API may import this file (test/ops/door.test.ts).
 */
export async function* indexedKeys(table: OperatorTable, partition: string): AsyncGenerator<Key[]> {
  let after: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new QueryCommand({
        TableName: table.name,
        IndexName: GLOBAL_INDEX.name,
        KeyConditionExpression: '#partition = :partition',
        ExpressionAttributeNames: { '#partition': GLOBAL_INDEX.partitionKey },
        ExpressionAttributeValues: { ':partition': partition },
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    yield (page.Items ?? []).map((item) => ({ pk: item[PARTITION_KEY], sk: item[SORT_KEY] }));
    after = page.LastEvaluatedKey;
  } while (after);
}

/** A page of the whole table. */
export interface ScannedPage {
  items: (Item & Key)[];
  /** Read units. */
  units: number;
  /** Where the next page begins; undefined after the last one. */
  next: Key | undefined;
}

/** The most items of a page, so that a stopped command repeats little. */
const PAGE = 2000;

/**
 * Every item of the table, strongly consistent.
 * @param from the end of the page before @param rate read units per second at most
 */
export async function* scanned(table: OperatorTable, rate: number, from?: Key): AsyncGenerator<ScannedPage> {
  let after: Key | undefined = from;
  do {
    const began = Date.now();
    const page = await table.client.send(
      new ScanCommand({
        TableName: table.name,
        ConsistentRead: true,
        Limit: PAGE,
        ReturnConsumedCapacity: 'TOTAL',
        ...(after && { ExclusiveStartKey: after }),
      }),
    );
    const units = page.ConsumedCapacity?.CapacityUnits ?? 0;
    after = page.LastEvaluatedKey as Key | undefined;
    yield { items: (page.Items ?? []).map((item) => current(item) as Item & Key), units, next: after };
    const early = (units * 1000) / rate - (Date.now() - began);
    if (early > 0 && after) await sleep(early);
  } while (after);
}

/** Bytes and items of the table. On AWS they are some six hours old. */
export async function tableSize({ client, name }: OperatorTable): Promise<{ bytes: number; items: number }> {
  const { Table } = await client.send(new DescribeTableCommand({ TableName: name }));
  return { bytes: Table?.TableSizeBytes ?? 0, items: Table?.ItemCount ?? 0 };
}
