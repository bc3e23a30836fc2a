import { randomUUID } from 'node:crypto';
import { BatchWriteCommand, DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import { inject } from 'vitest';
import { createTable, localClient, type TableProperties } from '../../infra/local/dynamodb-local.ts';
import { shapeOf } from '../../infra/local/table-shape.ts';
import type { Key } from '../../shared/data/keys.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { projectedBy } from '../../shared/data/schema.ts';
import { GLOBAL_INDEX, LOCAL_INDEXES, PARTITION_KEY, SORT_KEY } from '../../shared/data/table.ts';

const keys = (partition: string, sort: string) => [
  { AttributeName: partition, KeyType: 'HASH' as const },
  { AttributeName: sort, KeyType: 'RANGE' as const },
];

/**
 * The table of the data stack (test/infra compares the stack with shared/data/table.ts), without time to live: DynamoDB
 * Local removes an expired item within ten seconds, which may stay for days on AWS.
 */
const PROPERTIES: TableProperties = {
  AttributeDefinitions: [
    PARTITION_KEY,
    SORT_KEY,
    GLOBAL_INDEX.partitionKey,
    GLOBAL_INDEX.sortKey,
    ...LOCAL_INDEXES.map(({ sortKey }) => sortKey),
  ].map((name) => ({ AttributeName: name, AttributeType: 'S' })),
  KeySchema: keys(PARTITION_KEY, SORT_KEY),
  LocalSecondaryIndexes: LOCAL_INDEXES.map(({ name, sortKey }) => ({
    IndexName: name,
    KeySchema: keys(PARTITION_KEY, sortKey),
    Projection: { ProjectionType: 'INCLUDE', NonKeyAttributes: projectedBy(name) },
  })),
  GlobalSecondaryIndexes: [
    {
      IndexName: GLOBAL_INDEX.name,
      KeySchema: keys(GLOBAL_INDEX.partitionKey, GLOBAL_INDEX.sortKey),
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
};

/** Keys and indexes of every table that tests make. */
export const SHAPE = shapeOf(PROPERTIES);

/** A new, empty table in the run's DynamoDB Local: cheap enough for each test file (10 ms). */
export async function newTable(endpoint = inject('dynamoDbEndpoint')): Promise<OperatorTable & { endpoint: string }> {
  const name = `test-${randomUUID()}`;
  const client = localClient(endpoint);
  await createTable(client, PROPERTIES, name);
  return { ...tableAt(endpoint, name), endpoint };
}

/** An existing table, as operators reach it. */
export function tableAt(endpoint: string, name: string): OperatorTable {
  const options = { marshallOptions: { removeUndefinedValues: true } };
  return { client: DynamoDBDocument.from(localClient(endpoint), options), name };
}

/** Writes items straight into the table, 25 per request, eight requests at a time. */
export async function putAll({ client, name }: OperatorTable, items: readonly Key[]): Promise<void> {
  let next = 0;
  const writer = async () => {
    while (next < items.length) {
      const batch = items.slice(next, next + 25);
      next += 25;
      const requests = batch.map((Item) => ({ PutRequest: { Item } }));
      await client.send(new BatchWriteCommand({ RequestItems: { [name]: requests } }));
    }
  };
  await Promise.all(Array.from({ length: 8 }, writer));
}
