import type { ConsumedCapacity } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, GetCommand, PutCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { expect, test } from 'vitest';
import { type Image, itemBytes, readUnits, writeUnits } from '../../infra/local/units.ts';
import { newTable, SHAPE } from '../support/database.ts';

const ITEMS: Record<string, Image> = {
  'of a few bytes': { a: 'x' },
  'of just under a kilobyte': { a: 'x'.repeat(1000) },
  'of just over a kilobyte': { a: 'x'.repeat(1030) },
  'of three kilobytes, in an index that projects all attributes': { a: 'x'.repeat(3000), lsi1sk: 'M#1' },
  'in the indexes that project some attributes': { a: 'x'.repeat(3000), lsi2sk: 'X#1', lsi3sk: 'A#1', name: 'n' },
  'of five kilobytes': { a: 'x'.repeat(5000) },
  'with values of all other types': {
    n: 123_456_789,
    minus: -5,
    yes: true,
    none: null,
    list: ['a', 1, { b: 'c' }],
    text: 'ü€😀',
  },
};

test.each(Object.entries(ITEMS))(
  'single calls cost the units that DynamoDB Local counts, for an item %s',
  async (_, attributes) => {
    const { client, name: TableName } = await newTable();
    const Key = { pk: 'p', sk: 's' };
    const item = { ...Key, ...attributes };
    const counted = { TableName, ReturnConsumedCapacity: 'TOTAL' as const };
    const units = (result: { ConsumedCapacity?: ConsumedCapacity | undefined }) =>
      result.ConsumedCapacity?.CapacityUnits;

    expect(units(await client.send(new PutCommand({ ...counted, Item: item })))).toBe(
      writeUnits(SHAPE, undefined, item, false),
    );
    const get = new GetCommand({ ...counted, Key, ConsistentRead: true });
    expect(units(await client.send(get))).toBe(readUnits(itemBytes(item)));
    const query = new QueryCommand({
      ...counted,
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': 'p' },
      ConsistentRead: true,
    });
    expect(units(await client.send(query))).toBe(readUnits(itemBytes(item)));

    const change = new UpdateCommand({
      ...counted,
      Key,
      UpdateExpression: 'SET lsi1sk = :l',
      ExpressionAttributeValues: { ':l': 'M#2' },
    });
    const changed = { ...item, lsi1sk: 'M#2' };
    expect(units(await client.send(change))).toBe(writeUnits(SHAPE, item, changed, false));
    expect(units(await client.send(new DeleteCommand({ ...counted, Key })))).toBe(
      writeUnits(SHAPE, changed, undefined, false),
    );
  },
);

test('a transaction costs twice the units of each item, and once those of its index entries', () => {
  const item = { pk: 'p', sk: 's', lsi1sk: 'M#1' };
  expect(writeUnits(SHAPE, undefined, item, true)).toBe(3);
  expect(writeUnits(SHAPE, item, { ...item, lsi1sk: 'M#2' }, true)).toBe(4);
  // Checked only.
  expect(writeUnits(SHAPE, item, item, true)).toBe(2);
  expect(writeUnits(SHAPE, undefined, undefined, true)).toBe(2);
});

test('a read that finds nothing costs one unit', () => {
  expect(readUnits(0)).toBe(1);
});
