import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeTimeToLiveCommand, DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand, type PutEventsRequestEntry } from '@aws-sdk/client-eventbridge';
import { GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { ReceiveMessageCommand, SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Application } from '../../infra/local/application.ts';
import { type DynamoDbLocal, localClient, startDynamoDbLocal } from '../../infra/local/dynamodb-local.ts';
import { type Stack, type StackOptions, startStack } from '../../infra/local/stack.ts';
import type { Json } from '../../infra/local/template.ts';
import { MAPPING_ACTIONS, writeFixtureAssembly } from './fixture.ts';

const folder = mkdtempSync(join(tmpdir(), 'stack-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

const facts = { app_id: 'a', admin_token: 'at', other_app_id: 'b', other_admin_token: 'bt' };
let assembly: string;
/** For stacks that need not start one of their own. */
let database: DynamoDbLocal;
beforeAll(async () => {
  assembly = writeFixtureAssembly(folder);
  database = await startDynamoDbLocal();
});
afterAll(() => database.close());
const application: Application<typeof facts> = {
  name: 'fixture',
  folder: join(folder, 'logs'),
  assembly: async () => assembly,
  prepare: async () => facts,
};
const start = (more: Partial<StackOptions<typeof facts>> = {}) =>
  startStack({
    application,
    assembly,
    quiet: true,
    onBroken: (reason) => console.error(reason),
    ...more,
  });

const put = (stack: Stack, pk: string) =>
  localClient(stack.description.dynamodb_endpoint).send(
    new PutItemCommand({ TableName: stack.description.table_name, Item: { pk: { S: pk }, sk: { S: '-' } } }),
  );
const s3Of = ({ description }: Stack) =>
  new S3Client({
    endpoint: description.s3_endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });

/** Tools that may do everything. */
function toolsOf({ description: { sqs_endpoint, eventbridge_endpoint } }: Stack) {
  const common = { region: 'us-east-1', credentials: { accessKeyId: 'local', secretAccessKey: 'local' } };
  const sqs = new SQSClient({ endpoint: sqs_endpoint, ...common });
  const eventbridge = new EventBridgeClient({ endpoint: eventbridge_endpoint, ...common });
  const urlOf = (name: string) => `${sqs_endpoint}/000000000000/${name}`;
  return {
    rule: (name: string) => `arn:aws:events:us-east-1:000000000000:rule/${name}`,
    sqs: (name: string, MessageBody: string) =>
      sqs.send(
        new SendMessageCommand({
          QueueUrl: urlOf(name),
          MessageBody,
          ...(name.endsWith('.fifo') && { MessageGroupId: 'A', MessageDeduplicationId: MessageBody }),
        }),
      ),
    eventbridge: (entry: PutEventsRequestEntry) => eventbridge.send(new PutEventsCommand({ Entries: [entry] })),
    async receive(name: string): Promise<Json[]> {
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl: urlOf(name) }));
      return Messages.map(({ Body = '' }) => JSON.parse(Body));
    },
  };
}

/** A function's own client, by what is in its environment. */
const clientOfFunction = async ({ description }: Stack) => {
  const { env } = (await (await fetch(`${description.api_endpoint}/environment`)).json()) as Json;
  return new DynamoDBClient({
    endpoint: env.AWS_ENDPOINT_URL_DYNAMODB,
    region: env.AWS_REGION,
    credentials: {
      accessKeyId: env.AWS_ACCESS_KEY_ID,
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY,
      sessionToken: env.AWS_SESSION_TOKEN,
    },
  });
};
const item = { pk: { S: 'p' }, sk: { S: '-' } };
const putItem = new PutItemCommand({ TableName: 'fixture', Item: item });

describe('a running stack', () => {
  let stack: Stack;
  beforeAll(async () => {
    stack = await start({ database });
  });
  afterAll(() => stack.close());
  const get = (path: string) => fetch(stack.description.api_endpoint + path);
  const told = async (): Promise<Json[]> => (await get('/told')).json() as Promise<Json[]>;

  it('the description has the addresses and the facts of the application', () => {
    expect(stack.description).toEqual({
      ...facts,
      api_endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      dynamodb_endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      s3_endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      sqs_endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      eventbridge_endpoint: stack.description.sqs_endpoint,
      table_name: 'fixture',
      bucket_name: 'fixture-files',
    });
  });

  it('the API serves the routes of the templates and no others', async () => {
    expect((await get('/echo')).status).toBe(200);
    expect((await get('/nope')).status).toBe(404);
    expect((await get('/forbidden')).status).toBe(500);
  });

  it('a call whose function fails or exceeds its timeout is answered 500', async () => {
    const message = '{"message":"Internal Server Error"}';
    for (const path of ['/fails', '/slow']) {
      const response = await get(path);
      expect([response.status, await response.text()]).toEqual([500, message]);
    }
  });

  it('the environment of a function has the addresses of the stack', async () => {
    const { env } = (await (await get('/environment')).json()) as Json;
    expect(env).toMatchObject({
      AWS_ENDPOINT_URL_DYNAMODB: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
      AWS_ENDPOINT_URL_S3: stack.description.s3_endpoint,
      AWS_ENDPOINT_URL_SQS: stack.description.sqs_endpoint,
      AWS_ENDPOINT_URL_EVENTBRIDGE: stack.description.eventbridge_endpoint,
      QUEUE_URL: `${stack.description.sqs_endpoint}/000000000000/fixture.fifo`,
      TABLE_NAME: 'fixture',
    });
  });

  it('stream records that match the filter, and bucket events that match the rule, reach the function', async () => {
    await put(stack, 'other');
    await put(stack, 'J#1');
    for (const Key of ['elsewhere/x', 'files/ü x']) {
      await s3Of(stack).send(new PutObjectCommand({ Bucket: 'fixture-files', Key, Body: 'x' }));
    }
    await vi.waitFor(async () => expect(await told()).toHaveLength(2), { timeout: 5000 });
    const events = await told();
    expect(events.find(({ Records }) => Records)).toMatchObject({
      Records: [{ eventName: 'INSERT', dynamodb: { Keys: { pk: { S: 'J#1' } } } }],
    });
    expect(events.find(({ detail }) => detail)).toMatchObject({
      source: 'aws.s3',
      'detail-type': 'Object Created',
      detail: {
        bucket: { name: 'fixture-files' },
        object: { key: 'files/ü x', size: 1, etag: expect.stringMatching(/^[0-9a-f]{32}$/) },
        reason: 'PutObject',
      },
    });
  });

  it('a function may do what its role allows, and the grant is marked as used', async () => {
    const client = await clientOfFunction(stack);
    const { grants } = stack.permissions;
    const own = grants.find(({ function: { name } }) => name === 'fixture-environment')!.grants;
    expect(own).toMatchObject([{ action: 'dynamodb:GetItem', used: false }]);
    await client.send(new GetItemCommand({ TableName: 'fixture', Key: item }));
    expect(own).toMatchObject([{ used: true }]);
    for (let time = 0; time < 2; time++)
      await expect(client.send(putItem)).rejects.toThrow('is not authorized to perform: dynamodb:PutItem on resource');
    // Once, however often: a stack may run for days.
    expect(stack.permissions.refused.filter((sentence) => sentence.includes('dynamodb:PutItem'))).toEqual([
      expect.stringMatching(/assumed-role\/Api-NestedNestedStackNestedNestedStackResource.* dynamodb:PutItem /),
    ]);
  });

  it('a queue, a bus and a schedule reach the functions of their mappings and rules', async () => {
    const { sqs, eventbridge, rule } = toolsOf(stack);
    for (const body of ['queued-1', 'queued-2']) await sqs('fixture.fifo', body);
    await eventbridge({ EventBusName: 'fixture-bus', Source: 'fixture', DetailType: 't', Detail: '{"a":1}' });
    await eventbridge({
      Source: 'aws.events',
      DetailType: 'Scheduled Event',
      Detail: '{}',
      Resources: [rule('hourly')],
    });
    const isTold = async (expected: object) => expect(await told()).toContainEqual(expect.objectContaining(expected));
    await vi.waitFor(
      async () => {
        await isTold({ 'detail-type': 'Scheduled Event', resources: [rule('hourly')] });
        await isTold({ source: 'fixture', detail: { a: 1 } });
        const queued = (await told()).flatMap(({ Records = [] }) => Records.flatMap(({ body = [] }: Json) => body));
        expect(queued).toEqual(['queued-1', 'queued-2']);
      },
      { timeout: 5000 },
    );
    const [message] = await toolsOf(stack).receive('failed');
    expect(message).toMatchObject({ source: 'fixture', detail: { a: 1 } });
  });

  it('a stream record that fails in all attempts goes to the queue of its mapping', async () => {
    await put(stack, 'J#bad');
    await vi.waitFor(
      async () => {
        const [record] = await toolsOf(stack).receive('failed');
        expect(record).toMatchObject({
          requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 3 },
          responseContext: { statusCode: 200, functionError: 'Unhandled' },
          DDBStreamBatchInfo: { batchSize: 1, shardId: expect.stringContaining('shardId') },
        });
      },
      { timeout: 10_000 },
    );
  });

  it('an event whose function fails in all attempts goes to the queue of its function', async () => {
    const entry = { Source: 'fixture', DetailType: 't', Detail: '{"bad":true}', EventBusName: 'fixture-bus' };
    await toolsOf(stack).eventbridge(entry);
    const received: Json[] = [];
    await vi.waitFor(
      async () => {
        received.push(...(await toolsOf(stack).receive('failed')));
        expect(received).toContainEqual({
          version: '1.0',
          timestamp: expect.any(String),
          requestContext: {
            requestId: expect.any(String),
            functionArn: 'arn:aws:lambda:us-east-1:000000000000:function:fixture-stores:$LATEST',
            condition: 'RetriesExhausted',
            approximateInvokeCount: 3,
          },
          requestPayload: expect.objectContaining({ source: 'fixture', detail: { bad: true } }),
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          responsePayload: { errorType: 'TypeError', errorMessage: 'bad', trace: expect.any(Array) },
        });
      },
      { timeout: 20_000 },
    );
  });

  it('a second stack on the same port does not start', async () => {
    const port = Number(new URL(stack.description.api_endpoint).port);
    await expect(start({ port })).rejects.toThrow(`Port ${port} is taken`);
  });
});

/** Whether the process is there and not just waiting to be collected. */
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe('without permission checks', () => {
  it('without permission checks, functions may do everything, and roles are not read', async () => {
    const elsewhere = writeFixtureAssembly(join(folder, 'unasked'), ['dynamodb:DescribeStream']);
    const stack = await start({ assembly: elsewhere, iam: false, database });
    try {
      await (await clientOfFunction(stack)).send(putItem);
      expect(stack.permissions).toEqual({ grants: [], refused: [] });
    } finally {
      await stack.close();
    }
    expect(isAlive(database.pid), 'a stack does not end a database that it was given').toBe(true);
  });

  it.each([
    ['dynamodb:ListStreams', 'Cannot access stream arn:aws:dynamodb'],
    ['sqs:ReceiveMessage', 'The function execution role does not have permissions to call ReceiveMessage on SQS'],
    ['sqs:SendMessage', "The function's role does not have permissions to call SendMessage on arn:aws:sqs"],
  ])('a mapping whose role lacks a permission prevents the start, as on Lambda: %s', async (missing, message) => {
    const actions = MAPPING_ACTIONS.filter((action) => action !== missing);
    const elsewhere = writeFixtureAssembly(join(folder, missing), actions);
    await expect(start({ assembly: elsewhere })).rejects.toThrow(`fixture-stores: ${message}`);
  });
});

describe('with an unkind database', () => {
  it('with an unkind database, functions meet faults, tools do not, and expired items stay', async () => {
    const stack = await start({ database, iam: false, unkind: 1 });
    try {
      const { unkind, description } = stack;
      const tool = localClient(description.dynamodb_endpoint);
      const get = new GetItemCommand({ TableName: 'fixture', Key: item });
      unkind?.only({ fault: 'InternalServerError before' });
      await tool.send(get);
      expect(unkind?.counts).toEqual({});
      // The SDK asks again.
      await (await clientOfFunction(stack)).send(get);
      expect(unkind?.counts).toEqual({ 'InternalServerError before': 1 });
      const { TimeToLiveDescription } = await tool.send(new DescribeTimeToLiveCommand({ TableName: 'fixture' }));
      expect(TimeToLiveDescription?.TimeToLiveStatus).toBe('DISABLED');
    } finally {
      await stack.close();
    }
  });
});

describe('data', () => {
  let stack: Stack | undefined;
  afterEach(() => stack?.close());

  it('tables, objects and messages are kept between runs in a given folder', async () => {
    const data = join(folder, 'data');
    stack = await start({ data });
    await put(stack, 'kept');
    await s3Of(stack).send(new PutObjectCommand({ Bucket: 'fixture-files', Key: 'kept', Body: 'kept' }));
    await toolsOf(stack).sqs('failed', '"kept"');
    await stack.close();
    expect(isAlive(stack.javaPid)).toBe(false);
    stack = await start({ data });
    const Key = { pk: { S: 'kept' }, sk: { S: '-' } };
    const client = localClient(stack.description.dynamodb_endpoint);
    expect((await client.send(new GetItemCommand({ TableName: 'fixture', Key }))).Item).toEqual(Key);
    const object = await s3Of(stack).send(new GetObjectCommand({ Bucket: 'fixture-files', Key: 'kept' }));
    expect(await object.Body!.transformToString()).toBe('kept');
    expect(await toolsOf(stack).receive('failed')).toEqual(['kept']);
  });
});

describe('a start that fails', () => {
  it('a start that fails ends what it had started', async () => {
    const steps: string[] = [];
    const failing = start({
      onProgress: (step) => steps.push(step),
      application: {
        ...application,
        prepare: async () => {
          throw new Error('no apps');
        },
      },
    });
    await expect(failing).rejects.toThrow('no apps');
    expect(steps.join()).toContain('DynamoDB Local is ready');
  });

  it('a start can be aborted', async () => {
    const starting = new AbortController();
    const failing = start({ signal: starting.signal, onProgress: () => starting.abort() });
    await expect(failing).rejects.toThrow();
  });

  it.each([[-1], [65_536], [Number.NaN]])('a port that does not exist is refused: %s', async (port) => {
    await expect(start({ port })).rejects.toThrow('PORT must be a number from 0');
  });
});
