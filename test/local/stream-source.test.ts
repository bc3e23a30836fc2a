import { randomUUID } from 'node:crypto';
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterAll, afterEach, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { FunctionDefinition, StreamMapping } from '../../infra/local/deployment.ts';
import { createTable, localClient } from '../../infra/local/dynamodb-local.ts';
import { parsePattern } from '../../infra/local/event-pattern.ts';
import type { Outcome } from '../../infra/local/function-pool.ts';
import { startStreamSource } from '../../infra/local/stream-source.ts';
import type { Json } from '../../infra/local/template.ts';

const endpoint = inject('dynamoDbEndpoint');
const client = localClient(endpoint);
afterAll(() => client.destroy());

let tableName: string;
let batches: Json[][];
let discarded: Json[][];
let position: Record<string, string>;
let close: () => Promise<void>;
/** Says how the function ends, for each of its calls. */
let answer: (records: Json[]) => Partial<Outcome> & { payload?: Json };

beforeEach(async () => {
  tableName = `streamed-${randomUUID()}`;
  [batches, discarded, position] = [[], [], {}];
  answer = () => ({ ok: true });
  close = async () => {};
  await createTable(
    client,
    {
      AttributeDefinitions: [{ AttributeName: 'pk', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
    },
    tableName,
  );
});
afterEach(() => close());

function start(mapping: Partial<StreamMapping> = {}) {
  const source = startStreamSource({
    client,
    endpoint,
    mapping: {
      id: 'mapping',
      streamArn: `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}/stream/local`,
      tableName,
      function: {} as FunctionDefinition,
      patterns: [],
      startingPosition: 'TRIM_HORIZON',
      batchSize: 100,
      window: 0,
      maximumRetryAttempts: -1,
      bisectOnError: false,
      reportsItemFailures: false,
      ...mapping,
    },
    async invoke(event) {
      batches.push(event.Records);
      return answer(event.Records) as Outcome;
    },
    onDiscard: ({ records }) => discarded.push(records),
    position: { load: () => ({ ...position }), save: (now) => Object.assign(position, now) },
    retryDelay: 5,
  });
  close = source.close;
}
const put = async (...keys: string[]) => {
  for (const key of keys) await client.send(new PutItemCommand({ TableName: tableName, Item: { pk: { S: key } } }));
};
const keysOf = (records: Json[]) => records.map(({ dynamodb }) => dynamodb.Keys.pk.S);
const delivered = () => batches.flatMap(keysOf);

describe('records', () => {
  it('a record arrives within half a second, in the form that Lambda delivers', async () => {
    start();
    await put('warm');
    await vi.waitFor(() => expect(delivered()).toEqual(['warm']), { timeout: 5000 });
    const started = Date.now();
    const Item = { pk: { S: 'a' }, n: { N: '1' }, b: { B: Buffer.from('bytes') }, l: { L: [{ B: Buffer.from('x') }] } };
    await client.send(new PutItemCommand({ TableName: tableName, Item }));
    await vi.waitFor(() => expect(batches).toHaveLength(2), { timeout: 2000, interval: 5 });
    expect(Date.now() - started).toBeLessThan(500);
    expect(batches[1]).toEqual([
      {
        eventID: expect.any(String),
        eventName: 'INSERT',
        eventVersion: '1.1',
        eventSource: 'aws:dynamodb',
        awsRegion: 'us-east-1',
        dynamodb: {
          ApproximateCreationDateTime: expect.any(Number),
          Keys: { pk: { S: 'a' } },
          NewImage: { pk: { S: 'a' }, n: { N: '1' }, b: { B: 'Ynl0ZXM=' }, l: { L: [{ B: 'eA==' }] } },
          SequenceNumber: expect.stringMatching(/^\d+$/),
          SizeBytes: expect.any(Number),
          StreamViewType: 'NEW_AND_OLD_IMAGES',
        },
        eventSourceARN: `arn:aws:dynamodb:us-east-1:000000000000:table/${tableName}/stream/local`,
      },
    ]);
    const seconds = batches[1]?.[0].dynamodb.ApproximateCreationDateTime;
    expect(Math.abs(Date.now() / 1000 - seconds)).toBeLessThan(120);
  });

  it('records that match the filter arrive in order, in batches of the given size', async () => {
    await put('J#1', 'other', 'J#2', 'J#3');
    await client.send(new DeleteItemCommand({ TableName: tableName, Key: { pk: { S: 'J#1' } } }));
    const pattern = { eventName: ['INSERT'], dynamodb: { Keys: { pk: { S: [{ prefix: 'J#' }] } } } };
    start({ batchSize: 2, patterns: [parsePattern(JSON.stringify(pattern))] });
    await vi.waitFor(() => expect(delivered()).toEqual(['J#1', 'J#2', 'J#3']), { timeout: 5000 });
    expect(batches.map((batch) => batch.length)).toEqual([2, 1]);
  });

  it('a window collects records until its end', async () => {
    start({ window: 1000 });
    await put('1');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await put('2');
    await vi.waitFor(() => expect(batches.map(keysOf)).toEqual([['1', '2']]), { timeout: 5000 });
  });

  it('a full batch does not wait for the end of its window', async () => {
    start({ window: 60_000, batchSize: 2 });
    await put('1', '2', '3');
    await vi.waitFor(() => expect(batches.map(keysOf)).toEqual([['1', '2']]), { timeout: 5000 });
  });

  it('a record that waits for the end of its window is delivered after a restart', async () => {
    start({ window: 60_000 });
    await put('first', 'second');
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await close();
    expect(batches).toEqual([]);
    start();
    await vi.waitFor(() => expect(delivered()).toEqual(['first', 'second']), { timeout: 5000 });
  });

  it('a delivered record is not delivered again after a restart', async () => {
    start();
    await put('before');
    await vi.waitFor(() => expect(Object.keys(position)).toHaveLength(1), { timeout: 5000 });
    await close();
    await put('after');
    start();
    await vi.waitFor(() => expect(delivered()).toEqual(['before', 'after']), { timeout: 5000 });
  });
});

describe('a batch that fails', () => {
  const failing = (isBad: (key: string) => boolean) => {
    answer = (records) => ({ ok: !keysOf(records).some(isBad) });
  };

  it('a batch that fails is delivered again before any later record', async () => {
    let failures = 2;
    answer = () => ({ ok: failures-- <= 0 });
    await put('a', 'b');
    start({ batchSize: 1 });
    await vi.waitFor(() => expect(delivered()).toEqual(['a', 'a', 'a', 'b']), { timeout: 5000 });
    expect(discarded).toEqual([]);
  });

  it('a batch that fails in all attempts is discarded, and the next one is delivered', async () => {
    failing((key) => key === 'bad');
    await put('bad', 'good');
    start({ batchSize: 1, maximumRetryAttempts: 2 });
    await vi.waitFor(() => expect(delivered()).toEqual(['bad', 'bad', 'bad', 'good']), { timeout: 5000 });
    expect(discarded.map(keysOf)).toEqual([['bad']]);
  });

  it('with bisecting, a batch that fails is halved until only the bad record fails', async () => {
    failing((key) => key === 'bad');
    await put('1', '2', 'bad', '4');
    start({ maximumRetryAttempts: 3, bisectOnError: true });
    await vi.waitFor(() => expect(discarded.map(keysOf)).toEqual([['bad']]), { timeout: 5000 });
    await vi.waitFor(() => expect(batches.map(keysOf)).toContainEqual(['4']));
    expect(batches.map(keysOf)).toContainEqual(['1', '2']);
  });

  it('a batch is delivered again from the first record that the function reports', async () => {
    let reported = false;
    answer = (records) => {
      const failed = records.find(({ dynamodb }) => dynamodb.Keys.pk.S === '2');
      if (reported || !failed) return { ok: true };
      reported = true;
      return { ok: true, payload: { batchItemFailures: [{ itemIdentifier: failed.dynamodb.SequenceNumber }] } };
    };
    await put('1', '2', '3');
    start({ reportsItemFailures: true });
    await vi.waitFor(
      () =>
        expect(batches.map(keysOf)).toEqual([
          ['1', '2', '3'],
          ['2', '3'],
        ]),
      { timeout: 5000 },
    );
  });
});
