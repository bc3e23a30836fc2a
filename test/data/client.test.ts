import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import { expect, test, vi } from 'vitest';
import { DynamoDb } from '../../shared/data/client.ts';
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

test('a rehearsal gets an empty answer in microtasks and sends nothing, while others send', async () => {
  const { client, asked, connections, close } = await clientOf({ status: 200, body: '{"Count":1}' });
  const query = () => client.query({ TableName: 't' });
  const rehearsed = vi.fn(async () => [isRehearsal(), await query()]);
  const connect = vi.fn(() => client.connect());
  prime(connect, rehearsed);
  expect([connect, rehearsed].map((fn) => fn.mock.calls.length)).toEqual([0, 0]);
  vi.stubEnv('AWS_LAMBDA_INITIALIZATION_TYPE', 'on-demand');
  prime(connect, rehearsed);
  prime(
    () => {
      throw new Error('no region');
    },
    () => Promise.reject(new Error('no table')),
  );
  vi.unstubAllEnvs();
  let answer: unknown;
  void rehearsed.mock.results[0]!.value.then((value: unknown) => {
    answer = value;
  });
  const other = query();
  await new Promise(setImmediate);
  expect(answer).toEqual([true, {}]);
  expect(await other).toEqual({ Count: 1 });
  expect([asked.length, connections.length, isRehearsal()]).toEqual([1, 1, false]);
  await close();
});
