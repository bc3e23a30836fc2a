import type { ServerResponse } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, describe, expect, test } from 'vitest';
import * as z from 'zod/mini';
import type { Call } from '../../shared/call/call.ts';
import { put, update } from '../../shared/data/step.ts';
import { hashPassword } from '../../shared/domain/user/password-hash.ts';
import { AREA, BUCKET_NAME, OPERATION, STAGE, TABLE_NAME } from '../../shared/environment.ts';
import { operation } from '../../shared/http/operation.ts';
import { headObject } from '../../shared/storage/requests.ts';
import { eventOf } from '../support/api.ts';
import { takeLog } from '../support/log.ts';
import { serve } from '../support/server.ts';

type Behaviour = (response: ServerResponse) => void;

/** How each call is treated, and how many of its requests came. Its name stands in each of its requests. */
const behaviours = new Map<string, Behaviour>();
const asked = new Map<string, number>();

/** A server in the place of DynamoDB and of S3. */
const { origin, close } = await serve(async (request, response) => {
  let text = request.url ?? '';
  for await (const chunk of request) text += chunk;
  const [name = ''] = /call\d+/.exec(text) ?? [];
  asked.set(name, (asked.get(name) ?? 0) + 1);
  behaviours.get(name)?.(response);
});

Object.assign(process.env, {
  [TABLE_NAME]: 'table',
  [BUCKET_NAME]: 'bucket',
  [STAGE]: 'test',
  [AREA]: 'group',
  [OPERATION]: 'test',
  AWS_REGION: 'us-east-1',
  AWS_ACCESS_KEY_ID: 'local',
  AWS_SECRET_ACCESS_KEY: 'local',
  AWS_ENDPOINT_URL_DYNAMODB: origin,
  AWS_ENDPOINT_URL_S3: origin,
});

afterAll(close);

const silence = () => {};
const contention: Behaviour = (response) =>
  response.writeHead(400).end(
    JSON.stringify({
      __type: 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException',
      Message: 'cancelled',
      CancellationReasons: [{ Code: 'TransactionConflict' }, { Code: 'None' }],
    }),
  );

let calls = 0;

/** What a call answers whose function has so many milliseconds, how long that took, and how often it asked. */
async function answerOf(behaviour: Behaviour, run: (call: Call) => Promise<unknown>, remaining = 10_000) {
  const name = `call${++calls}`;
  behaviours.set(name, behaviour);
  const contract = { access: 'anyone', request: () => z.object({}) } as const;
  const handler = operation(contract, run);
  const event = eventOf('POST', '/group/info', { app: name, token: `a1.${'x'.repeat(43)}.${'y'.repeat(22)}` });
  const began = performance.now();
  const context = { awsRequestId: name, getRemainingTimeInMillis: () => remaining - (performance.now() - began) };
  const answer = await handler(event as APIGatewayProxyEventV2, context as Context);
  const ms = performance.now() - began;
  takeLog(name);
  return { answer, ms, asked: () => asked.get(name) ?? 0 };
}

const BUSY = { statusCode: 503, headers: { 'retry-after': '1' } };
const opens = (call: Call) => call.open([]);
const writesOne = ({ app, db }: Call) => db.write([put({ pk: app, sk: 'a' }, {})]);
const writesTwo = ({ app, db }: Call) =>
  db.write([put({ pk: app, sk: 'a' }, {}), update({ pk: app, sk: 'b' }, { add: { n: 1 } })]);

describe('A note of presence', () => {
  // Alone and on a connection that is open: so its one request surely arrives before its time is over.
  test('a note of presence that the database never answers delays its call by less than half a second', async () => {
    const { asked: before } = await answerOf((response) => response.writeHead(200).end('{}'), writesOne);
    expect(before()).toBe(1);
    let ms = 0;
    const { asked } = await answerOf(silence, async ({ app, db }) => {
      const began = performance.now();
      await db.touch(update({ pk: app, sk: 'a' }, { set: { seen: 1 } }));
      ms = performance.now() - began;
    });
    expect(ms).toBeLessThan(500);
    expect(asked(), 'it is not tried again').toBe(1);
  });
});

describe.concurrent('A database that never answers', () => {
  test.each([
    ['a read', opens],
    ['a single write', writesOne],
    ['a transaction', writesTwo],
  ])(
    '%s that the database never answers ends in 503 with Retry-After within 5 s, after two attempts or more',
    async (_, run) => {
      const { answer, ms, asked } = await answerOf(silence, run);
      expect(answer).toMatchObject(BUSY);
      expect(ms).toBeLessThan(5000);
      expect(asked()).toBeGreaterThanOrEqual(2);
    },
  );

  test('a call answers 503 before its function runs out of time', async () => {
    const { answer, ms } = await answerOf(silence, opens, 2000);
    expect(answer).toMatchObject(BUSY);
    expect(ms).toBeLessThan(2000);
  });
});

describe.concurrent('A call after its answer', () => {
  /** Requests that come in the two seconds after the answer. */
  async function askedAfterwards(asked: () => number): Promise<number> {
    const before = asked();
    await sleep(2000);
    return asked() - before;
  }

  test.each([
    ['a request that is not answered', silence, writesOne],
    ['a write on contended records', contention, writesTwo],
    ['a request to an object store that does not answer', silence, ({ app }: Call) => headObject(`files/${app}`)],
    [
      'the hashing of many passwords',
      silence,
      async (call: Call) => {
        for (let nth = 0; nth < 100; nth++) await hashPassword('some password');
        return writesOne(call);
      },
    ],
  ])('a call sends no request after its answer when the deadline cut off %s', async (_, behaviour, run) => {
    const { answer, asked } = await answerOf(behaviour, run, 1000);
    expect(answer).toMatchObject(BUSY);
    expect(await askedAfterwards(asked)).toBe(0);
  });

  test('a call sends no request after its answer when one of two parallel parts failed', async () => {
    const { answer, asked } = await answerOf(silence, async (call) => {
      await Promise.all([writesOne(call), Promise.reject(new Error('the other part'))]);
    });
    expect(answer).toMatchObject({ statusCode: 500 });
    expect(await askedAfterwards(asked)).toBe(0);
  });
});

describe.concurrent('Faults of the database', () => {
  const json =
    (status: number, type: string): Behaviour =>
    (response) =>
      response.writeHead(status).end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}` }));

  test.each([
    ['InternalServerError', json(500, 'InternalServerError')],
    ['ServiceUnavailable', json(503, 'ServiceUnavailable')],
    ['ThrottlingException', json(400, 'ThrottlingException')],
    ['ProvisionedThroughputExceededException', json(400, 'ProvisionedThroughputExceededException')],
    [
      'an answer of HTML',
      (response: ServerResponse) => response.writeHead(503).end('<html>Service Unavailable</html>'),
    ],
    ['an answer that is not whole', (response: ServerResponse) => response.writeHead(200).end('{"Responses":{"ta')],
    [
      'an answer that breaks off',
      (response: ServerResponse) => {
        response.writeHead(200, { 'content-length': '1000' }).write('{"Responses"');
        setImmediate(() => response.destroy());
      },
    ],
    ['a connection that is reset', (response: ServerResponse) => response.destroy()],
  ])('attempts that all end in %s make the call answer 503 with Retry-After', async (_, behaviour) => {
    const { answer, ms, asked } = await answerOf(behaviour, opens);
    expect(answer).toMatchObject(BUSY);
    expect(ms).toBeLessThan(5500);
    expect(asked()).toBeGreaterThan(4);
  });

  test('a request that DynamoDB rejects as invalid is answered 500 at once', async () => {
    const { answer, asked } = await answerOf(json(400, 'ValidationException'), opens);
    expect(answer.statusCode).toBe(500);
    expect(asked()).toBe(1);
  });
});
