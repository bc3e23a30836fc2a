import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { DynamoDb } from '../../shared/data/client.ts';
import { Database } from '../../shared/data/database.ts';
import { getItem } from '../../shared/data/read.ts';
import { put, remove } from '../../shared/data/step.ts';
import { isRehearsal, prime } from '../../shared/priming.ts';
import { newTable } from '../support/database.ts';
import { nowhere, serve } from '../support/server.ts';

Object.assign(process.env, { AWS_REGION: 'us-east-1', AWS_ACCESS_KEY_ID: 'local', AWS_SECRET_ACCESS_KEY: 'local' });

/** A client of a server that gives the answers in turn, and what was asked of it. */
async function clientOf(...answers: { status: number; body: string; half?: true }[]) {
  const asked: { target: unknown; type: unknown; body: string; port: unknown }[] = [];
  const connections: Socket[] = [];
  const { origin, server, close } = await serve(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { 'x-amz-target': target, 'content-type': type } = request.headers;
    asked.push({ target, type, body, port: request.socket.remotePort });
    const { status, body: answer, half } = answers[Math.min(asked.length, answers.length) - 1]!;
    response.writeHead(status, { 'x-amzn-requestid': 'r', 'content-length': Buffer.byteLength(answer) });
    // The rest never comes.
    if (half) response.write(answer.slice(0, answer.length / 2));
    else response.end(answer);
  });
  server.on('connection', (connection) => connections.push(connection));
  return { client: new DynamoDb(origin), asked, connections, close };
}
const failed = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error) => error,
  );

test('requests and answers are the JSON of the DynamoDB protocol, on one connection', async () => {
  const { client, asked, close } = await clientOf({
    status: 200,
    body: '{"Items":[{"name":{"S":"ü€😀"},"n":{"N":"1"}}],"Count":1}',
  });
  const input = {
    TableName: 't',
    Limit: undefined,
    ExpressionAttributeValues: { ':name': 'ü€😀', ':none': undefined },
  };
  const answer = { Items: [{ name: 'ü€😀', n: 1 }], Count: 1 };
  expect([await client.query(input as never), await client.query(input as never)]).toEqual([answer, answer]);
  const body = '{"TableName":"t","ExpressionAttributeValues":{":name":{"S":"ü€😀"}}}';
  const request = { target: 'DynamoDB_20120810.Query', type: 'application/x-amz-json-1.0', body, port: asked[0]!.port };
  expect(asked).toEqual([request, request]);
  await close();
});

const REASONS = [{ Code: 'ConditionalCheckFailed', Item: { pk: { S: 'a' } } }, { Code: 'None' }];
const CANCELLED = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException';
const ANSWERS: [string, { status: number; body: string }, object][] = [
  [
    'a refusal with its fields',
    { status: 400, body: JSON.stringify({ __type: CANCELLED, Message: 'cancelled', CancellationReasons: REASONS }) },
    { name: 'TransactionCanceledException', message: 'cancelled', $fault: 'client', CancellationReasons: REASONS },
  ],
  [
    'throttling',
    { status: 400, body: '{"__type":"x#ThrottlingException","message":"slow down"}' },
    { name: 'ThrottlingException', message: 'slow down', $fault: 'client' },
  ],
  [
    'a fault of the service',
    { status: 500, body: '{"__type":"x#InternalServerError"}' },
    { name: 'InternalServerError', $fault: 'server' },
  ],
  [
    'something in between, which is not JSON',
    { status: 503, body: '<html>Service Unavailable</html>' },
    { name: 'UnknownError', $fault: 'server', $metadata: { httpStatusCode: 503, requestId: 'r' } },
  ],
  ['half an answer', { status: 200, body: '{"Items":[{"name":{"S":"ü' }, { $fault: 'server' }],
];
test.each(ANSWERS)('an error tells of %s, and the request is sent once', async (_, answer, error) => {
  const { client, asked, close } = await clientOf(answer);
  expect(await failed(client.transactWrite({ TransactItems: [] }))).toMatchObject(error);
  expect(asked).toHaveLength(1);
  await close();
});

test('an abort ends a request that gets no answer, or half of one, and its connection', async () => {
  const half = { status: 200, body: '{"Items":[]}', half: true } as const;
  const { client, asked, close } = await clientOf(half, { status: 200, body: '{"Items":[]}' });
  const ended = { abortSignal: AbortSignal.timeout(100) };
  expect(await failed(client.query({ TableName: 't' }, ended))).toMatchObject({ name: 'AbortError' });
  expect(await failed(client.query({ TableName: 't' }, ended))).toMatchObject({ name: 'AbortError' });
  expect(asked).toHaveLength(1);
  expect(await client.query({ TableName: 't' })).toEqual({ Items: [] });
  expect(asked[1]!.port).not.toBe(asked[0]!.port);
  await close();
});

test('every request means to the database what it means in the SDK', async () => {
  const { client: sdk, name: TableName, endpoint } = await newTable();
  const own = new DynamoDb(endpoint);
  const REPORT = { ReturnConsumedCapacity: 'TOTAL', ReturnItemCollectionMetrics: 'SIZE' } as const;
  const item = (sk: string) => ({
    pk: 'P',
    sk,
    none: null,
    yes: true,
    n: -1.5,
    empty: '',
    gone: undefined,
    list: [1, 'a', { Item: [undefined, null], Keys: 'k' }],
    map: { Key: { Items: {} } },
    set: new Set(['a', 'b']),
  });
  const Key = { pk: 'P', sk: 'a' };
  const set = { UpdateExpression: 'SET #n = :n', ExpressionAttributeNames: { '#n': 'Key' } };
  const values = { ExpressionAttributeValues: { ':n': { Responses: [1] } } };
  const page = { KeyConditionExpression: 'pk = :p', ExpressionAttributeValues: { ':p': 'P' }, Limit: 1 };
  const told: unknown[][] = [];
  for (const client of [sdk, own]) {
    const answers: unknown[] = [];
    const of = async (answer: Promise<object>) => {
      const { $metadata: _, ...rest } = (await answer) as { $metadata?: object };
      answers.push(rest);
    };
    await of(client.put({ TableName, Item: item('a'), ...REPORT }));
    await of(client.put({ TableName, Item: item('a'), ReturnValues: 'ALL_OLD' }));
    const check = {
      ConditionCheck: { TableName, Key: { pk: 'P', sk: 'z' }, ConditionExpression: 'attribute_not_exists(pk)' },
    };
    const Put = { TableName, Item: item('b') };
    await of(
      client.transactWrite({
        TransactItems: [check, { Put }, { Update: { TableName, Key, ...set, ...values } }],
        ...REPORT,
      }),
    );
    await of(client.query({ TableName, ...page }));
    await of(client.query({ TableName, ...page, ExclusiveStartKey: Key }));
    await of(
      client.batchGet({
        RequestItems: { [TableName]: { Keys: [Key, { pk: 'P', sk: 'b' }] } },
        ReturnConsumedCapacity: 'TOTAL',
      }),
    );
    await of(client.update({ TableName, Key, ...set, ...values, ReturnValues: 'ALL_NEW', ...REPORT }));
    const refused = {
      ConditionExpression: 'attribute_not_exists(pk)',
      ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
    } as const;
    const { name, message, Item } = await failed(client.delete({ TableName, Key, ...refused }));
    answers.push({ name, message, Item });
    for (const sk of ['a', 'b']) await of(client.delete({ TableName, Key: { pk: 'P', sk }, ...REPORT }));
    told.push(answers);
  }
  // Order of a batch's items is the database's own.
  const inOrder = (answer: unknown) =>
    (answer as { Responses?: Record<string, { sk: string }[]> }).Responses?.[TableName]?.sort((one, other) =>
      one.sk < other.sk ? -1 : 1,
    );
  for (const answer of told.flat()) inOrder(answer);
  expect(told[1]).toEqual(told[0]);
  expect(isDeepStrictEqual(told[1], told[0])).toBe(true);
});

const TEXT = fc.oneof(fc.string({ unit: 'binary', maxLength: 8 }), fc.constantFrom('', '\ud800', 'Item', 'Responses'));
const NAME = fc
  .oneof(TEXT, fc.constantFrom('Key', 'Keys', 'Items', 'Attributes', 'S', 'N', 'M'))
  .filter((name) => name !== '__proto__');
/** Values as functions give them; the SDK refuses some of the numbers and sets. */
const VALUE = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(fc.integer(), fc.double(), fc.constantFrom(2 ** 53 - 1, 2 ** 53, -0, Number.NaN), fc.bigInt()),
    TEXT,
    fc.constantFrom(true, false, null, undefined),
    fc.array(fc.oneof(TEXT, fc.integer()), { maxLength: 3 }).map((values) => new Set<unknown>(values)),
    fc.array(tie('any'), { maxLength: 3 }),
    fc.dictionary(NAME, tie('any'), { maxKeys: 3 }),
  ),
})).any;
/** Values as the database gives them. */
const NUMBER = fc.oneof(fc.maxSafeInteger().map(String), fc.constantFrom('9007199254740993', '1E+2', '0.1', '1e-130'));
const STORED = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: 'small' },
    TEXT.map((S) => ({ S })),
    NUMBER.map((N) => ({ N })),
    fc.constantFrom({ BOOL: true }, { BOOL: false }, { NULL: true }),
    fc.array(TEXT, { minLength: 1, maxLength: 3 }).map((SS) => ({ SS })),
    fc.array(NUMBER, { minLength: 1, maxLength: 3 }).map((NS) => ({ NS })),
    fc.array(tie('any'), { maxLength: 3 }).map((L) => ({ L })),
    fc.dictionary(NAME, tie('any'), { maxKeys: 3 }).map((M) => ({ M })),
  ),
})).any;
const itemOf = (value: fc.Arbitrary<unknown>) => fc.dictionary(NAME, value, { maxKeys: 4 });

/** Requests with values, and answers with stored values, for each operation that has some. */
const EXCHANGES = fc
  .record({ one: itemOf(VALUE), other: itemOf(VALUE), found: itemOf(STORED), last: itemOf(STORED) })
  .chain(({ one, other, found, last }) => {
    const TableName = 't';
    const written = {
      Attributes: found,
      ItemCollectionMetrics: { ItemCollectionKey: last, SizeEstimateRangeGB: [0, 1] },
    };
    const Update = { TableName, Key: one, ExpressionAttributeValues: other };
    const steps = [
      { Put: { TableName, Item: one } },
      { Update },
      { ConditionCheck: { TableName, Key: other, ExpressionAttributeNames: { '#a': 'Item' } } },
      { Delete: { TableName, Key: one } },
    ];
    const exchanges: ['put' | 'update' | 'delete' | 'query' | 'batchGet' | 'transactWrite', object, object][] = [
      ['put', { TableName, Item: one, ReturnValues: 'ALL_OLD' }, written],
      ['update', Update, written],
      ['delete', { TableName, Key: one, ConditionExpression: undefined }, written],
      [
        'query',
        { TableName, Limit: undefined, ExclusiveStartKey: one, ExpressionAttributeValues: other },
        { Items: [found, last], LastEvaluatedKey: last, Count: 2, ScannedCount: 3 },
      ],
      [
        'batchGet',
        { RequestItems: { t: { Keys: [one, other], ConsistentRead: true } } },
        { Responses: { t: [found] }, UnprocessedKeys: { t: { Keys: [last], ConsistentRead: true } } },
      ],
      [
        'transactWrite',
        { TransactItems: steps, ClientRequestToken: 'token' },
        { ItemCollectionMetrics: { t: [written.ItemCollectionMetrics] } },
      ],
    ];
    return fc.constantFrom(...exchanges);
  });

test('any values are sent, refused and understood as by the SDK', async () => {
  let [asked, answer] = ['', ''];
  const { origin, close } = await serve(async (request, response) => {
    for await (const chunk of request) asked += chunk;
    response.end(answer);
  });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const plain = new DynamoDBClient({ endpoint: origin, region: 'us-east-1', credentials, maxAttempts: 1 });
  const sdk = DynamoDBDocument.from(plain, { marshallOptions: { removeUndefinedValues: true } });
  const own = new DynamoDb(origin);
  await fc.assert(
    fc.asyncProperty(EXCHANGES, async ([operation, input, output]) => {
      answer = JSON.stringify(output);
      const told: unknown[] = [];
      for (const client of [sdk, own]) {
        asked = '';
        const send = client[operation] as (input: object) => Promise<object>;
        const understood = await send.call(client, input).then(
          ({ $metadata: _, ...rest }: { $metadata?: object }) => rest,
          () => 'refused',
        );
        told.push({ asked: asked && JSON.parse(asked), understood });
      }
      expect(told[1]).toEqual(told[0]);
    }),
    { numRuns: 300 },
  );
  plain.destroy();
  await close();
});

test.each(['end', 'resetAndDestroy'] as const)(
  'idle connections that the database closes (%s) while the instance is frozen cost another attempt, with the same token',
  async (how) => {
    const { client, asked, connections, close } = await clientOf({ status: 200, body: '{}' });
    const db = () => new Database(client, 't');
    const key = { pk: 'P', sk: 'a' };
    const read = () => Promise.all([1, 2, 3].map(() => db().read(getItem(key))));
    await read();
    expect(connections).toHaveLength(3);
    // In one turn of the event loop: the client learns of it by its next request.
    for (const connection of connections) connection[how]();
    expect(await read()).toEqual([undefined, undefined, undefined]);
    for (const connection of connections) connection[how]();
    const before = asked.length;
    const writing = db();
    expect(await writing.write([put(key, {}), remove({ ...key, sk: 'b' })])).toBe(true);
    expect(writing.usage.requests).toBe(2);
    const tokens = asked.slice(before).map(({ body }) => JSON.parse(body).ClientRequestToken);
    expect(new Set(tokens).size).toBe(1);
    await close();
  },
);

test('the first request takes the connection that was opened before it, open or not', async () => {
  for (const wait of [0, 50]) {
    const { client, connections, close } = await clientOf({ status: 200, body: '{}' });
    client.connect();
    await sleep(wait);
    await client.query({ TableName: 't' });
    await client.query({ TableName: 't' });
    expect(connections).toHaveLength(1);
    await close();
  }
});

test('a connection that was closed, or never opened, before the first request is replaced', async () => {
  const { client, connections, close } = await clientOf({ status: 200, body: '{}' });
  client.connect();
  await vi.waitFor(() => expect(connections).toHaveLength(1));
  connections[0]!.end();
  await once(connections[0]!, 'close');
  await sleep(20);
  await client.query({ TableName: 't' });
  expect(connections).toHaveLength(2);
  await close();

  const deaf = new DynamoDb(await nowhere());
  deaf.connect();
  await sleep(20);
  expect(await failed(deaf.query({ TableName: 't' }))).toMatchObject({ code: 'ECONNREFUSED' });
});

test('a rehearsal gets answers on one connection to nobody, while others send', async () => {
  const { client, asked, connections, close } = await clientOf({ status: 200, body: '{"Count":1}' });
  const query = () => client.query({ TableName: 't' });
  const rehearsed = vi.fn(async () => [isRehearsal(), await query(), await query()]);
  const connect = vi.fn(() => client.connect());
  prime(connect, rehearsed);
  expect([connect, rehearsed].map((fn) => fn.mock.calls.length)).toEqual([0, 0]);
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand');
  prime(connect, rehearsed);
  const other = query();
  await globalThis.primed;
  const answer = expect.objectContaining({ Responses: expect.anything() });
  expect(await rehearsed.mock.results[0]!.value).toEqual([true, answer, answer]);
  expect(await other).toEqual({ Count: 1 });
  expect([asked.length, connections.length, isRehearsal()]).toEqual([1, 1, false]);
  vi.unstubAllEnvs();
  await close();
});

test('a function is loaded once it is connected and has rehearsed, if one of them fails, and after a second at most', async () => {
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand');
  const { client, connections, close } = await clientOf({ status: 200, body: '{}' });
  const open = () => connections.length;
  prime(
    () => client.connect(),
    () => sleep(20),
  );
  expect(open()).toBe(0);
  await globalThis.primed;
  expect(open()).toBe(1);
  await close();

  let rehearsed = false;
  prime(
    () => {
      throw new Error('no region');
    },
    async () => {
      await sleep(20);
      rehearsed = true;
      throw new Error('no table');
    },
  );
  await globalThis.primed;
  expect(rehearsed).toBe(true);

  vi.useFakeTimers();
  prime(
    () => new Promise(() => {}),
    async () => {},
  );
  await Promise.all([vi.advanceTimersByTimeAsync(1000), globalThis.primed]);
  vi.useRealTimers();
  vi.unstubAllEnvs();
});
