import { randomUUID } from 'node:crypto';
import { type DynamoDBDocument, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { Database } from './database.ts';
import type { Key } from './keys.ts';
import { GLOBAL_INDEX, PARTITION_KEY, SORT_KEY } from './table.ts';

/** The table as operators reach it: outside of any call. */
export interface OperatorTable {
  client: DynamoDBDocument;
  name: string;
}

/** One per command: what it changes has the same cause. */
const cause = randomUUID();

/** The name by which events tell who it was: that of the login. Containers and services may have none. */
const OPERATOR = (process.env.USER ?? process.env.USERNAME ?? '').replaceAll(/[^\w.@-]/g, '') || 'unknown';

/** A view of the table that knows no records yet. What it writes is the operator's. */
export function viewOf({ client, name }: OperatorTable): Database {
  const db = new Database(client, name);
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
