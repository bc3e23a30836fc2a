import { BatchGetCommand, DynamoDBDocument, GetCommand, QueryCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, test } from 'vitest';
import { localClient } from '../../infra/local/dynamodb-local.ts';
import { Database } from '../../shared/data/database.ts';
import { exists } from '../../shared/data/expression.ts';
import { getItem } from '../../shared/data/read.ts';
import { check, put, remove, type Step, update } from '../../shared/data/step.ts';
import { newTable } from './database.ts';
import { Conflicts, refuseStaleReads } from './guards.ts';

const key = (sk: string) => ({ pk: 'P', sk });
let client: DynamoDBDocument;
let name: string;

beforeEach(async () => {
  const table = await newTable();
  client = DynamoDBDocument.from(localClient(table.endpoint));
  name = table.name;
});

test('reads that may be stale are refused, and all others pass', async () => {
  refuseStaleReads(client);
  const query = {
    TableName: name,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'P' },
  };
  const batch = (ConsistentRead: boolean) => ({ [name]: { Keys: [key('a')], ConsistentRead } });
  for (const command of [
    new QueryCommand(query),
    new BatchGetCommand({ RequestItems: batch(false) }),
    new GetCommand({ TableName: name, Key: key('a') }),
    new ScanCommand({ TableName: name }),
  ])
    await expect(client.send(command as QueryCommand)).rejects.toThrow('not strongly consistent');
  await client.send(new QueryCommand({ ...query, ConsistentRead: true }));
  await client.send(new BatchGetCommand({ RequestItems: batch(true) }));
  const db = new Database(client, name);
  for (const steps of [
    [put(key('a'), {})],
    [update(key('a'), { set: { n: 1 } })],
    [check(key('a'), exists), put(key('b'), {})],
    [remove(key('a'))],
  ])
    expect(await db.write(steps)).toBe(true);
});

describe('Conflicts', () => {
  const race = async (...transactions: Step[][]) => {
    const conflicts = new Conflicts(client);
    conflicts.on = true;
    const done = await Promise.all(transactions.map((steps) => new Database(client, name).write(steps)));
    return { done, seen: conflicts.seen };
  };

  test('a transaction holds its items, checked ones too, against other transactions and single writes', async () => {
    await new Database(client, name).write([put(key('a'), { n: 0 }), put(key('b'), { n: 0 })]);
    const counted = await race(
      [update(key('a'), { add: { n: 1 } }), check(key('b'), exists)],
      [update(key('b'), { set: { n: 5 } })],
      [update(key('a'), { add: { n: 1 } }), put(key('c'), {})],
    );
    // All come through in the end, since each waits for the others.
    expect(counted.done).toEqual([true, true, true]);
    expect(counted.seen).toBeGreaterThanOrEqual(2);
    expect(await new Database(client, name).read([getItem(key('a')), getItem(key('b'))])).toMatchObject([
      { n: 2 },
      { n: 5 },
    ]);
  });

  test('a transaction does not hold items that others do not name', async () => {
    const { seen } = await race(
      [put(key('a'), {}), put(key('b'), {})],
      [put(key('c'), {}), put(key('d'), {})],
      [put(key('e'), {})],
    );
    expect(seen).toBe(0);
  });
});
