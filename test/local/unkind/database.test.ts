import { setTimeout as sleep } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  type DynamoDBServiceException,
  IdempotentParameterMismatchException,
  InternalServerError,
  ProvisionedThroughputExceededException,
  ThrottlingException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  DeleteCommand,
  DynamoDBDocumentClient,
  GetCommand,
  PutCommand,
  QueryCommand,
  TransactWriteCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { localClient } from '../../../infra/local/dynamodb-local.ts';
import { startUnkindDatabase, type UnkindDatabase } from '../../../infra/local/unkind/database.ts';
import { FAULT_NAMES, type FaultName } from '../../../infra/local/unkind/faults.ts';
import { KIND, UNKIND } from '../../../infra/local/unkind/manners.ts';
import { DynamoDb } from '../../../shared/data/client.ts';
import { GLOBAL_INDEX } from '../../../shared/data/table.ts';
import { newTable, SHAPE } from '../../support/database.ts';

let unkind: UnkindDatabase;
let table: Awaited<ReturnType<typeof newTable>>;
/** The SDK's client, and that of the functions. */
let sdk: DynamoDBDocumentClient;
let own: Pick<DynamoDBDocumentClient, 'send'>;
const clients: DynamoDBClient[] = [];

beforeAll(async () => {
  table = await newTable();
  unkind = await startUnkindDatabase(table.endpoint, { seed: 1, tables: () => SHAPE, manners: KIND });
  const made = localClient(unkind.endpoint, { maxAttempts: 1 });
  clients.push(made);
  sdk = DynamoDBDocumentClient.from(made);
  Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });
  const client = new DynamoDb(unkind.endpoint);
  const operations = { PutCommand: 'PutItem', GetCommand: 'GetItem', TransactWriteCommand: 'TransactWriteItems' };
  const send = (command: Sent, options: object) =>
    client.send(operations[command.constructor.name as keyof typeof operations], command.input, options);
  own = { send: send as never };
});
beforeEach(() => unkind.quiet());
afterAll(async () => {
  for (const client of clients) client.destroy();
  await unkind.close();
});

const TableName = () => table.name;
const key = (sk: string, pk = 'P') => ({ pk, sk });
const put = (sk: string, more: object = {}) =>
  new PutCommand({ TableName: TableName(), Item: { ...key(sk), ...more }, ReturnConsumedCapacity: 'TOTAL' });
const get = (sk: string) => new GetCommand({ TableName: TableName(), Key: key(sk), ConsistentRead: true });
const add = (sk: string, by = 1) => ({
  Update: {
    TableName: TableName(),
    Key: key(sk),
    UpdateExpression: 'ADD n :by',
    ExpressionAttributeValues: { ':by': by },
  },
});
const transaction = (items: ConstructorParameters<typeof TransactWriteCommand>[0]['TransactItems'], token?: string) =>
  new TransactWriteCommand({ TransactItems: items, ...(token && { ClientRequestToken: token }) });
const query = (more: object = {}) =>
  new QueryCommand({
    TableName: TableName(),
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'P' },
    ConsistentRead: true,
    ReturnConsumedCapacity: 'TOTAL',
    ...more,
  });
const batch = (...sks: string[]) =>
  new BatchGetCommand({ RequestItems: { [TableName()]: { Keys: sks.map((sk) => key(sk)), ConsistentRead: true } } });

type Sent = PutCommand;
const failure = async (client: Pick<DynamoDBDocumentClient, 'send'>, command: unknown, timeout = 5000) =>
  client.send(command as Sent, { abortSignal: AbortSignal.timeout(timeout) }).then(
    () => undefined,
    (error) => error,
  );
/** What lies there, read past the unkind database. */
const found = async (sk: string) => (await table.client.send(get(sk))).Item;

let made = 0;
const newName = () => `item ${++made}`;

/** Each fault by the request that it is tried with, what the SDK makes of it, and whether the request was done. */
const EXPECTED: Record<
  Exclude<FaultName, 'UnprocessedKeys' | 'page ends early'>,
  { with?: 'transaction'; is: object; done: boolean }
> = {
  'reset before': { is: { code: 'ECONNRESET' }, done: false },
  'reset after': { is: { code: 'ECONNRESET' }, done: true },
  'silence before': { is: { name: 'AbortError' }, done: false },
  'silence after': { is: { name: 'AbortError' }, done: true },
  'InternalServerError before': { is: { name: InternalServerError.name, $fault: 'server' }, done: false },
  'InternalServerError after': { is: { name: InternalServerError.name, $fault: 'server' }, done: true },
  'HTML 503 before': { is: { $metadata: { httpStatusCode: 503 } }, done: false },
  'HTML 503 after': { is: { $metadata: { httpStatusCode: 503 } }, done: true },
  'truncated JSON': { is: { $metadata: { httpStatusCode: 200 } }, done: true },
  ThrottlingException: {
    is: {
      name: ThrottlingException.name,
      throttlingReasons: [{ reason: 'TableWriteKeyRangeThroughputExceeded' }],
    },
    done: false,
  },
  ProvisionedThroughputExceededException: { is: { name: ProvisionedThroughputExceededException.name }, done: false },
  TransactionConflictException: {
    is: { name: TransactionConflictException.name, message: 'Transaction is ongoing for the item' },
    done: false,
  },
  'TransactionConflict at an item': {
    with: 'transaction',
    is: {
      name: TransactionCanceledException.name,
      message:
        'Transaction cancelled, please refer cancellation reasons for specific reasons [TransactionConflict, None]',
      CancellationReasons: [
        { Code: 'TransactionConflict', Message: 'Transaction is ongoing for the item' },
        { Code: 'None' },
      ],
    },
    done: false,
  },
  'ThrottlingError at an item': {
    with: 'transaction',
    is: {
      name: TransactionCanceledException.name,
      CancellationReasons: [
        { Code: 'ThrottlingError', Message: expect.stringMatching(/^Throughput exceeds the current capacity/) },
        { Code: 'None' },
      ],
    },
    done: false,
  },
  'ProvisionedThroughputExceeded at an item': {
    with: 'transaction',
    is: {
      name: TransactionCanceledException.name,
      CancellationReasons: [
        { Code: 'ProvisionedThroughputExceeded', Message: expect.stringMatching(/^The level of configured/) },
        { Code: 'None' },
      ],
    },
    done: false,
  },
  TransactionInProgressException: {
    with: 'transaction',
    is: { name: TransactionInProgressException.name },
    done: true,
  },
};

describe('A fault that a test asks for', () => {
  const cases = Object.entries(EXPECTED) as [FaultName, (typeof EXPECTED)['reset after']][];

  test.each(cases)(
    'the fault "%s" happens once, as the exception that the SDK defines',
    async (fault, { with: kind, is, done }) => {
      for (const client of [sdk, own]) {
        const name = newName();
        // A request of the kind that comes before is let through.
        unkind.only({ fault, nth: 2, of: 'write' });
        const send = (sk: string) => (kind ? transaction([add(sk), add(`${sk}, other`)], sk) : put(sk, { n: 1 }));
        expect(await failure(client, send('first'))).toBeUndefined();
        expect(await failure(client, get(name))).toBeUndefined();
        expect(unkind.counts).toEqual({});
        expect(await failure(client, send(name), fault.startsWith('silence') ? 300 : 5000)).toMatchObject(is);
        expect(unkind.counts).toEqual({ [fault]: 1 });
        expect(await found(name)).toEqual(done ? { ...key(name), n: 1 } : undefined);
        expect(await failure(client, send(name))).toBeUndefined();
        // The same transaction is known by its token; a single put leaves the same.
        expect(await found(name)).toEqual({ ...key(name), n: 1 });
        expect(unkind.counts).toEqual({ [fault]: 1 });
        await table.client.send(new DeleteCommand({ TableName: TableName(), Key: key('first') }));
      }
    },
  );

  test('an exception that DynamoDB documents is of the class that the SDK exports', async () => {
    const classes: [FaultName, new (...given: never[]) => DynamoDBServiceException][] = [
      ['InternalServerError before', InternalServerError],
      ['ThrottlingException', ThrottlingException],
      ['ProvisionedThroughputExceededException', ProvisionedThroughputExceededException],
      ['TransactionConflictException', TransactionConflictException],
      ['TransactionConflict at an item', TransactionCanceledException],
      ['TransactionInProgressException', TransactionInProgressException],
    ];
    for (const [fault, Class] of classes) {
      unkind.only({ fault });
      const single = fault === 'TransactionConflictException';
      const error = await failure(sdk, single ? put(newName()) : transaction([add(newName())], newName()));
      expect(error).toBeInstanceOf(Class);
    }
  });

  test('a fault can be limited to reads', async () => {
    unkind.only({ fault: 'reset before', of: 'read' });
    await sdk.send(put('a'));
    expect(await failure(sdk, get('a'))).toMatchObject({ code: 'ECONNRESET' });
    expect(await failure(sdk, get('a'))).toBeUndefined();
  });

  test('every fault has a test and a probability', () => {
    expect([...Object.keys(EXPECTED), 'UnprocessedKeys', 'page ends early'].sort()).toEqual([...FAULT_NAMES].sort());
    expect(Object.keys(UNKIND.faults).sort()).toEqual([...FAULT_NAMES].sort());
  });

  test('the fault "UnprocessedKeys" leaves keys of a batch unprocessed', async () => {
    for (const sk of ['a', 'b', 'c']) await sdk.send(put(sk));
    unkind.only({ fault: 'UnprocessedKeys' });
    for (const one of ['a']) await sdk.send(batch(one));
    expect(unkind.counts).toEqual({});
    const { Responses, UnprocessedKeys } = await sdk.send(batch('a', 'b', 'c'));
    expect(Responses?.[TableName()]?.map(({ sk }) => sk).sort()).toEqual(['a', 'b']);
    expect(UnprocessedKeys).toEqual({ [TableName()]: { Keys: [key('c')], ConsistentRead: true } });
    const rest = await sdk.send(new BatchGetCommand({ RequestItems: UnprocessedKeys! }));
    expect(rest.Responses?.[TableName()]).toEqual([key('c')]);
    expect(rest.UnprocessedKeys ?? {}).toEqual({});
  });

  test('the fault "page ends early" ends a page before its limit, and the next page continues there', async () => {
    for (const sk of ['q1', 'q2', 'q3', 'q4', 'q5']) await sdk.send(put(sk));
    const between = {
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: { ':pk': 'P', ':from': 'q1', ':to': 'q5' },
    };
    unkind.only({ fault: 'page ends early' });
    const first = await sdk.send(query({ ...between, Limit: 4 }));
    expect([first.Items?.map(({ sk }) => sk), first.LastEvaluatedKey]).toEqual([['q1', 'q2'], key('q2')]);
    const rest = await sdk.send(query({ ...between, ExclusiveStartKey: first.LastEvaluatedKey }));
    expect([rest.Items?.map(({ sk }) => sk), rest.LastEvaluatedKey]).toEqual([['q3', 'q4', 'q5'], undefined]);
    unkind.only({ fault: 'page ends early' });
    const counted = await sdk.send(query({ ...between, Select: 'COUNT' }));
    expect([counted.Count, counted.LastEvaluatedKey]).toEqual([2, key('q2')]);
  });
});

describe('A transaction', () => {
  const hold = (ms: number) => unkind.begin(1, { ...KIND, hold: [ms, ms] });

  test('a running transaction makes other writes to its items conflict, also to items that it only checks', async () => {
    await sdk.send(put('held'));
    hold(600);
    const running = sdk.send(
      transaction([
        add('counted'),
        {
          ConditionCheck: { TableName: TableName(), Key: key('held'), ConditionExpression: 'attribute_exists(pk)' },
        },
      ]),
    );
    await sleep(50);
    const error = await failure(sdk, transaction([add('free'), add('held'), add('counted')]));
    expect(error).toBeInstanceOf(TransactionCanceledException);
    expect(error.CancellationReasons.map(({ Code }: { Code: string }) => Code)).toEqual([
      'None',
      'TransactionConflict',
      'TransactionConflict',
    ]);
    const update = new UpdateCommand({
      TableName: TableName(),
      Key: key('counted'),
      UpdateExpression: 'SET a = :a',
      ExpressionAttributeValues: { ':a': 1 },
    });
    for (const write of [put('held'), update, new DeleteCommand({ TableName: TableName(), Key: key('held') })])
      expect(await failure(sdk, write)).toBeInstanceOf(TransactionConflictException);
    // What it does not name is free, and reads are never refused.
    expect(await failure(sdk, put('other'))).toBeUndefined();
    for (const read of [get('counted'), batch('counted', 'held'), query()])
      expect(await failure(sdk, read)).toBeUndefined();
    expect(await found('counted')).toBeUndefined();
    await running;
    expect(await found('counted')).toMatchObject({ n: 1 });
    expect(await failure(sdk, put('held'))).toBeUndefined();
    expect(unkind.counts).toEqual({ conflict: 4 });
  });

  test('a transaction that fails by a condition releases its items', async () => {
    await sdk.send(put('taken'));
    hold(20);
    const condition = {
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    };
    const refused = transaction([
      { Put: { TableName: TableName(), Item: { ...key('taken'), n: 2 }, ...condition } } as never,
      add('untouched'),
    ]);
    const error = await failure(sdk, refused);
    expect(error.CancellationReasons).toMatchObject([
      { Code: 'ConditionalCheckFailed', Item: { sk: { S: 'taken' } } },
      { Code: 'None' },
    ]);
    expect(await failure(sdk, put('taken'))).toBeUndefined();
    expect(await found('untouched')).toBeUndefined();
  });

  test('a transaction is done even if its client disconnects', async () => {
    hold(150);
    const name = newName();
    expect(await failure(sdk, transaction([add(name)]), 50)).toMatchObject({ name: 'AbortError' });
    expect(await found(name)).toBeUndefined();
    await sleep(300);
    expect(await found(name)).toMatchObject({ n: 1 });
  });

  test('a token identifies its transaction while it runs and afterwards, and is refused with other content', async () => {
    hold(150);
    const name = newName();
    const running = sdk.send(transaction([add(name)], name));
    await sleep(50);
    expect(await failure(sdk, transaction([add(name)], name))).toBeInstanceOf(TransactionInProgressException);
    expect(await failure(sdk, transaction([add(name, 2)], name))).toBeInstanceOf(IdempotentParameterMismatchException);
    await running;
    await sdk.send(transaction([add(name)], name));
    expect(await failure(sdk, transaction([add(name, 2)], name))).toBeInstanceOf(IdempotentParameterMismatchException);
    expect(await found(name)).toMatchObject({ n: 1 });
    expect(unkind.counts).toEqual({ 'token in use': 2 });
  });
});

describe('A partition key', () => {
  // Units come back only when a test says so.
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
  afterEach(() => void vi.useRealTimers());
  const rates = (read: number, write: number) => unkind.begin(1, { ...KIND, rates: { read, write } });
  const inOf = (pk: string, sk: string, more: object = {}) =>
    new PutCommand({ TableName: TableName(), Item: { ...key(sk, pk), ...more } });

  test('writes over the rate of a partition key are throttled, those of other keys are not', async () => {
    rates(1000, 10);
    const text = 'x'.repeat(9500);
    await sdk.send(inOf('hot', 'a', { text }));
    const error = await failure(sdk, inOf('hot', 'b'));
    expect(error).toBeInstanceOf(ThrottlingException);
    expect(error.throttlingReasons).toMatchObject([{ reason: 'TableWriteKeyRangeThroughputExceeded' }]);
    const transact = transaction([add('cold'), { Delete: { TableName: TableName(), Key: key('a', 'hot') } }]);
    expect((await failure(sdk, transact)).CancellationReasons.map(({ Code }: { Code: string }) => Code)).toEqual([
      'None',
      'ThrottlingError',
    ]);
    expect(await failure(sdk, inOf('another', 'a'))).toBeUndefined();
    expect(unkind.counts).toEqual({ 'key used up': 2 });
    vi.advanceTimersByTime(100);
    expect(await failure(sdk, inOf('hot', 'b'))).toBeUndefined();
    expect(await failure(sdk, inOf('hot', 'b'))).toBeInstanceOf(ThrottlingException);
  });

  test('a write that fails by a condition costs units', async () => {
    await sdk.send(inOf('fails', 'a', { text: 'x'.repeat(9500) }));
    rates(1000, 10);
    const refused = new UpdateCommand({
      TableName: TableName(),
      Key: key('a', 'fails'),
      UpdateExpression: 'SET a = :a',
      ConditionExpression: 'attribute_not_exists(pk)',
      ExpressionAttributeValues: { ':a': 1 },
    });
    expect(await failure(sdk, refused)).toBeInstanceOf(ConditionalCheckFailedException);
    expect(await failure(sdk, refused)).toBeInstanceOf(ThrottlingException);
  });

  test('reads over the rate of a partition key are throttled, and keys of a batch stay unprocessed', async () => {
    await sdk.send(inOf('read', 'a', { text: 'x'.repeat(39_000) }));
    const both = new BatchGetCommand({
      RequestItems: { [TableName()]: { Keys: [key('a', 'read'), key('a', 'calm')], ConsistentRead: true } },
    });
    const ofRead = query({ ExpressionAttributeValues: { ':pk': 'read' } });
    for (const first of [both, ofRead]) {
      rates(10, 1000);
      expect(await failure(sdk, first)).toBeUndefined();
      const { UnprocessedKeys } = await sdk.send(both);
      expect(UnprocessedKeys).toEqual({ [TableName()]: { Keys: [key('a', 'read')], ConsistentRead: true } });
      for (const read of [ofRead, new BatchGetCommand({ RequestItems: UnprocessedKeys! })]) {
        const error = await failure(sdk, read);
        expect(error).toBeInstanceOf(ThrottlingException);
        expect(error.throttlingReasons).toMatchObject([{ reason: 'TableReadKeyRangeThroughputExceeded' }]);
      }
      expect(unkind.counts).toEqual({ 'key used up': 3 });
    }
  });

  test('a full partition key of the global index throttles writes of the table', async () => {
    rates(1000, 5);
    const job = (n: number) =>
      inOf(`J#${n}`, '#', { [GLOBAL_INDEX.partitionKey]: 'JOBS', [GLOBAL_INDEX.sortKey]: String(n) });
    for (let n = 0; n < 6; n++) await failure(sdk, job(n));
    const error = await failure(sdk, job(6));
    expect(error).toBeInstanceOf(ThrottlingException);
    expect(error.throttlingReasons).toMatchObject([{ reason: 'IndexWriteKeyRangeThroughputExceeded' }]);
    expect(await failure(sdk, inOf('J#7', '#'))).toBeUndefined();
  });
});

describe('The luck of requests', () => {
  test('the same seed gives the same faults', async () => {
    const faults = { 'reset before': 0.2, ThrottlingException: 0.2, 'InternalServerError after': 0.2 };
    const run = async (seed: number) => {
      unkind.begin(seed, { ...KIND, faults });
      const seen = [];
      for (let n = 0; n < 40; n++) {
        const error = await failure(sdk, n % 2 ? put('lucky') : get('lucky'));
        seen.push(error?.code ?? error?.name ?? 'done');
      }
      return { seen, counts: { ...unkind.counts } };
    };
    const first = await run(7);
    expect(Object.keys(first.counts).sort()).toEqual(Object.keys(faults).sort());
    expect(await run(7)).toEqual(first);
    expect((await run(8)).seen).not.toEqual(first.seen);
  });

  test('an answer can be late', async () => {
    unkind.begin(1, { ...KIND, late: { chance: 1, by: [100, 120] } });
    const started = performance.now();
    await sdk.send(get('a'));
    expect(performance.now() - started).toBeGreaterThan(95);
    expect(unkind.counts).toEqual({ late: 1 });
  });
});

test('an unchanged answer keeps its checksum, a changed answer has none', async () => {
  const send = async () => {
    const authorization =
      'AWS4-HMAC-SHA256 Credential=local/20260101/us-east-1/dynamodb/aws4_request, SignedHeaders=host, Signature=0';
    const response = await fetch(unkind.endpoint, {
      method: 'POST',
      headers: { 'x-amz-target': 'DynamoDB_20120810.GetItem', authorization, 'x-amz-date': '20260101T000000Z' },
      body: JSON.stringify({ TableName: TableName(), Key: { pk: { S: 'P' }, sk: { S: 'sum' } } }),
    });
    return { sum: response.headers.get('x-amz-crc32'), body: await response.text() };
  };
  await sdk.send(put('sum'));
  const whole = await send();
  expect(Number(whole.sum)).toBe(crc32(whole.body));
  unkind.only({ fault: 'truncated JSON' });
  expect(await send()).toEqual({ sum: null, body: whole.body.slice(0, whole.body.length / 2) });
});

test('the proxy closes while requests wait for an answer', async () => {
  const another = await startUnkindDatabase(table.endpoint, { seed: 1, tables: () => SHAPE });
  another.only({ fault: 'silence before' });
  const client = localClient(another.endpoint, { maxAttempts: 1 });
  const waiting = failure(DynamoDBDocumentClient.from(client), get('a'));
  await sleep(100);
  await another.close();
  expect(await waiting).toMatchObject({ code: 'ECONNRESET' });
  client.destroy();
});
