import timers from 'node:timers/promises';
import {
  ConditionalCheckFailedException,
  DynamoDBClient,
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocument,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { mockClient } from 'aws-sdk-client-mock';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Database } from '../../shared/data/database.ts';
import { absent, below, equal, exists, missing } from '../../shared/data/expression.ts';
import type { Query } from '../../shared/data/read.ts';
import { getItem, UNIT } from '../../shared/data/read.ts';
import { check, put, remove, update } from '../../shared/data/step.ts';
import { Unavailable } from '../../shared/errors.ts';
import { newTable } from '../support/database.ts';
import { replace } from '../support/replace.ts';

// Waiting takes no time here, but the clock shows that it did.
replace(
  timers,
  'setTimeout',
  () => (async (ms = 0) => void vi.setSystemTime(Date.now() + ms)) as typeof timers.setTimeout,
);

const key = (sk: string | number, pk = 'P') => ({ pk, sk: String(sk) });
const items = (pk: string): Query<Record<string, unknown>[]> => ({
  query: { partition: pk, between: ['0', '~'] },
  parse: ({ items }) => items,
});

describe('Database, on a real table', () => {
  test('any number of keys and queries is read in one round trip', async () => {
    const table = await newTable();
    const db = () => new Database(table.client, table.name);
    for (let from = 0; from < 250; from += 50)
      await db().write(Array.from({ length: 50 }, (_, n) => put(key(from + n), { n: from + n })));
    const view = db();
    const gets = Array.from({ length: 260 }, (_, n) => getItem<{ n: number }>(key(n)));
    const read = await view.read({ gets: [...gets, ...gets], nested: { one: gets[7]!, none: [] }, all: items('P') });
    expect(read.gets.map((item) => item?.n)).toEqual(
      [...gets, ...gets].map((_, n) => (n % 260 < 250 ? n % 260 : undefined)),
    );
    expect(read.nested).toEqual({ one: { ...key(7), n: 7 }, none: [] });
    expect(read.all).toHaveLength(250);
    expect(view.usage).toMatchObject({ trips: 1, requests: 4 });
    expect(view.usage.readUnits).toBeGreaterThan(0);
    await view.load([]);
    expect(view.usage.trips).toBe(1);
  });

  test('a round trip costs at most the units it is given, and the rest is read by the next one', async () => {
    const table = await newTable();
    const view = () => new Database(table.client, table.name);
    const text = 'x'.repeat(4000);
    const all = [...Array(40).keys()];
    for (const pk of ['P', 'Q']) await view().write(all.map((n) => put(key(n + 10, pk), { text })));
    const query = (pk: string, rest: Partial<Query<unknown>['query']>): Query<number> => ({
      query: { partition: pk, between: ['0', '~'], entryBytes: UNIT, ...rest },
      parse: ({ items, count }) => Math.max(items.length, count),
    });
    const reads = {
      few: all.slice(0, 3).map((n) => getItem<object>(key(n + 10))),
      large: getItem<object>(key(20), 3 * UNIT),
      queries: [query('P', { all: true }), query('Q', { limit: 30, count: true }), query('Q', { limit: 2 })],
      unknown: [items('P')],
    };
    const db = view();
    const left = await db.load([reads], 20);
    // Six units for single items; the other fourteen for Queries, but none for one of unknown size.
    expect(db.usage).toMatchObject({ trips: 1, requests: 4, readUnits: 3 + 1 + 4 + 5 + 2 });
    expect(db.records(reads)).toMatchObject({ queries: [4, 5, 2], unknown: [[]] });
    expect(new Set(left)).toEqual(new Set([reads.queries[0], reads.queries[1], reads.unknown[0]]));
    expect(await db.load(left)).toEqual([]);
    expect(db.usage.trips).toBe(2);
    expect(db.records(reads)).toMatchObject({ queries: [40, 30, 2] });
    expect(db.records(reads).unknown[0]).toHaveLength(40);
    // What does not fit is left out, smaller ones after it are not.
    const small = view();
    expect(await small.load([[reads.large, ...reads.few]], 2)).toEqual([reads.large, reads.few[2]]);
    expect(small.usage).toMatchObject({ trips: 1, readUnits: 2 });
    expect(small.cached(reads.few[0]!)?.record).toBeDefined();
    expect(small.cached(reads.large)).toBeUndefined();
  });

  test('a query keeps to its limit, order and bounds, and reads further pages only when asked for all', async () => {
    const table = await newTable();
    const db = new Database(table.client, table.name);
    const text = 'x'.repeat(300_000);
    for (let n = 0; n < 8; n++) await db.write([put(key(n), { text })]);
    const read = async (query: Partial<Query<unknown>['query']>) =>
      db.read({
        query: { partition: 'P', between: ['0', '~'], ...query },
        parse: ({ items, count, last }) => ({
          at: items.map(({ sk }) => sk).join(''),
          count,
          more: last !== undefined,
        }),
      } satisfies Query<unknown>);
    // A page of the database ends at 1 MB.
    expect(await read({})).toEqual({ at: '0123', count: 4, more: true });
    expect(await read({ all: true })).toEqual({ at: '01234567', count: 8, more: false });
    expect(await read({ all: true, limit: 6 })).toEqual({ at: '012345', count: 6, more: true });
    expect(await read({ all: true, descending: true, limit: 5 })).toMatchObject({ at: '76543' });
    expect(await read({ limit: 2 })).toEqual({ at: '01', count: 2, more: true });
    expect(await read({ between: ['2', '4'], descending: true })).toEqual({ at: '432', count: 3, more: false });
    expect(await read({ between: ['4', '2'] })).toEqual({ at: '', count: 0, more: false });
    expect(await read({ all: true, count: true })).toEqual({ at: '', count: 8, more: false });
  });

  test('a write applies all steps or none, and shows the items that made it fail', async () => {
    const table = await newTable();
    const db = () => new Database(table.client, table.name);
    const a = getItem<{ n: number; t?: string }>(key('a'));
    const b = getItem<{ n: number }>(key('b'));
    const first = db();
    expect(await first.write([put(key('a'), { n: 1 }, missing), put(key('b'), { n: 1 })])).toBe(true);
    expect(first.records([a, b] as const)).toEqual([
      { ...key('a'), n: 1 },
      { ...key('b'), n: 1 },
    ]);
    const stale = db();
    await stale.load([a, b]);
    await first.write([update(key('a'), { add: { n: 4 }, set: { t: 'x' } }, equal('n', 1)), remove(key('b'))]);
    expect(await stale.write([update(key('a'), { set: { n: 0 } }, equal('n', 1)), put(key('c'), {})])).toBe(false);
    // Only what failed is looked at again.
    expect(stale.records([a, b] as const)).toEqual([
      { ...key('a'), n: 5, t: 'x' },
      { ...key('b'), n: 1 },
    ]);
    expect(await stale.write([check(key('b'), exists), put(key('c'), {}, missing)])).toBe(false);
    expect(stale.records(b)).toBeUndefined();
    expect(await db().read(getItem(key('c')))).toBeUndefined();
    // One step alone goes the same way.
    expect(await stale.write([put(key('a'), { n: 9 }, missing)])).toBe(false);
    expect(stale.records(a)).toMatchObject({ n: 5 });
    expect(await stale.write([remove(key('a'), below('n', 6))])).toBe(true);
    expect(stale.records(a)).toBeUndefined();
    expect(await stale.write([remove(key('a'), exists)])).toBe(false);
    expect(await stale.write([])).toBe(true);
  });

  test('a note is dropped without an error where it cannot be written', async () => {
    const table = await newTable();
    const db = new Database(table.client, table.name);
    await db.touch(update(key('a'), { set: { n: 1 } }, exists));
    expect(await db.read(getItem(key('a')))).toBeUndefined();
    await db.touch(update(key('a'), { set: { n: 1 } }, missing));
    expect(await new Database(table.client, table.name).read(getItem(key('a')))).toEqual({ ...key('a'), n: 1 });
    await new Database(table.client, 'no such table').touch(update(key('a'), { set: { n: 1 } }));
  });
});

describe('Database, when DynamoDB fails', () => {
  const client = DynamoDBDocument.from(new DynamoDBClient({ region: 'none' }));
  const mock = mockClient(client);
  const open = () => new Database(client, 'table');
  const two = [put(key('a'), { n: 1 }), update(key('b'), { add: { n: 1 } })];

  const cancelled = (...codes: string[]) =>
    new TransactionCanceledException({
      message: 'cancelled',
      $metadata: {},
      CancellationReasons: codes.map((Code) => ({
        Code,
        ...(Code === 'ConditionalCheckFailed' && { Item: { pk: { S: 'P' }, sk: { S: 'a' }, n: { N: '7' } } }),
      })),
    });

  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['Date'], now: 0 });
    mock.reset();
    mock.onAnyCommand().rejects(new Error('not planned'));
  });
  afterEach(() => vi.useRealTimers());

  test('a contended transaction is tried again until it succeeds', async () => {
    mock
      .on(TransactWriteCommand)
      .rejectsOnce(cancelled('TransactionConflict', 'None'))
      .rejectsOnce(cancelled('None', 'ThrottlingError'))
      .rejectsOnce(Object.assign(new Error('x'), { name: 'TransactionInProgressException' }))
      .resolves({});
    const db = open();
    expect(await db.write(two)).toBe(true);
    expect(db.usage).toMatchObject({ trips: 1, requests: 4 });
    // Each attempt is a transaction of its own, but for one that may still go through: that is asked for again.
    const tokens = mock.commandCalls(TransactWriteCommand).map(({ args: [{ input }] }) => input.ClientRequestToken);
    expect(new Set(tokens.slice(0, 3)).size).toBe(3);
    expect(tokens[3]).toBe(tokens[2]);
  });

  test('a contended transaction is given up after five seconds and at least twelve attempts', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled('TransactionConflict', 'TransactionConflict'));
    await expect(open().write(two)).rejects.toThrow(Unavailable);
    const attempts = mock.commandCalls(TransactWriteCommand).length;
    expect(attempts).toBeGreaterThanOrEqual(12);
    expect(Date.now()).toBeGreaterThan(5000);
    expect(Date.now()).toBeLessThan(25_000);
  });

  test('a transaction that is only throttled is sent again for 3.5 seconds, and a conflict beside it counts as a conflict', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled('None', 'ThrottlingError'));
    await expect(open().write(two)).rejects.toThrow('the database does not answer now');
    expect(Date.now()).toBeLessThan(5000);
    mock.on(TransactWriteCommand).rejects(cancelled('ThrottlingError', 'TransactionConflict'));
    await expect(open().write(two)).rejects.toThrow('a record stays contended');
  });

  test('a single write that meets a running transaction is tried again too', async () => {
    mock
      .on(PutCommand)
      .rejectsOnce(new TransactionConflictException({ message: 'ongoing', $metadata: {} }))
      .resolves({});
    expect(await open().write([put(key('a'), {})])).toBe(true);
  });

  test('a failed condition is answered at once, even where another item of the transaction was in conflict', async () => {
    mock.on(TransactWriteCommand).rejects(cancelled('ConditionalCheckFailed', 'TransactionConflict'));
    const db = open();
    expect(await db.write(two)).toBe(false);
    expect(db.records(getItem(key('a')))).toEqual({ pk: 'P', sk: 'a', n: 7 });
    expect(db.usage.requests).toBe(1);
  });

  test('a failed condition of a single write brings the item along, or that there is none', async () => {
    const failed = (Item?: Record<string, never>) =>
      new ConditionalCheckFailedException({ message: 'failed', $metadata: {}, ...(Item && { Item }) });
    mock
      .on(UpdateCommand)
      .rejectsOnce(failed())
      .rejects(failed({ pk: { S: 'P' }, sk: { S: 'a' } } as never));
    const db = open();
    expect(await db.write([update(key('a'), { set: { n: 1 } }, exists)])).toBe(false);
    expect(db.records(getItem(key('a')))).toBeUndefined();
    expect(await db.write([update(key('a'), { set: { n: 1 } }, absent('n'))])).toBe(false);
    expect(db.records(getItem(key('a')))).toEqual(key('a'));
  });

  test('an error that no retry can help is thrown as it is', async () => {
    for (const error of [cancelled('None', 'ValidationError'), new Error('no network')]) {
      mock.on(TransactWriteCommand).rejects(error);
      await expect(open().write(two)).rejects.toBe(error);
    }
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(2);
  });

  test('throttled reads and writes throw Unavailable after some seconds of attempts', async () => {
    const throttled = new ProvisionedThroughputExceededException({ message: 'slow down', $metadata: {} });
    mock.onAnyCommand().rejects(throttled);
    await expect(open().write(two)).rejects.toThrow(Unavailable);
    await expect(open().write([remove(key('a'))])).rejects.toThrow(Unavailable);
    await expect(open().read(getItem(key('a')))).rejects.toThrow(Unavailable);
    await expect(open().read(items('P'))).rejects.toThrow(Unavailable);
    for (const command of [TransactWriteCommand, DeleteCommand, BatchGetCommand, QueryCommand])
      expect(mock.commandCalls(command as typeof QueryCommand).length).toBeGreaterThan(5);
    expect(Date.now()).toBeLessThan(4 * 5000);
  });

  test('keys that a batch leaves unprocessed are asked for again', async () => {
    const keys = ['a', 'b', 'c'].map((sk) => key(sk));
    const left = (from: number) => ({ table: { Keys: keys.slice(from) } });
    mock
      .on(BatchGetCommand)
      .resolvesOnce({ Responses: { table: [{ ...keys[0], n: 1 }] }, UnprocessedKeys: left(1) })
      .resolvesOnce({ UnprocessedKeys: left(1) })
      .resolvesOnce({ Responses: { table: [{ ...keys[2], n: 3 }] } });
    const db = open();
    expect(await db.read(keys.map((one) => getItem<{ n: number }>(one)))).toEqual([
      { ...keys[0], n: 1 },
      undefined,
      { ...keys[2], n: 3 },
    ]);
    expect(db.usage).toMatchObject({ trips: 1, requests: 3 });
    for (const { args } of mock.commandCalls(BatchGetCommand))
      expect(args[0].input.RequestItems?.table?.ConsistentRead).toBe(true);
  });

  test('keys that a batch never processes are given up after at least twelve attempts', async () => {
    mock.on(BatchGetCommand).resolves({ UnprocessedKeys: { table: { Keys: [key('a')] } } });
    await expect(open().read(getItem(key('a')))).rejects.toThrow(Unavailable);
    expect(mock.commandCalls(BatchGetCommand).length).toBeGreaterThanOrEqual(12);
  });
});

describe('A write of one step', () => {
  const client = DynamoDBDocument.from(new DynamoDBClient({ region: 'none' }));
  const mock = mockClient(client);
  const open = () => new Database(client, 'table');

  test('one step is written without a transaction, unless it is a counter or a check', async () => {
    mock.reset();
    mock.onAnyCommand().resolves({});
    await open().write([put(key('a'), {})]);
    await open().write([update(key('a'), { set: { n: 1 } })]);
    await open().write([remove(key('a'))]);
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(0);
    await open().write([update(key('a'), { add: { n: 1 } })]);
    await open().write([check(key('a'), exists)]);
    await open().write([put(key('a'), {}), remove(key('b'))]);
    expect(mock.commandCalls(TransactWriteCommand)).toHaveLength(3);
    expect(mock.calls()).toHaveLength(6);
  });
});
