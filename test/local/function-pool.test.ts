import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import {
  createFunctionPool,
  type FunctionPool,
  type Measured,
  type PoolOptions,
} from '../../infra/local/function-pool.ts';
import { closeServer, listen } from '../../infra/local/listen.ts';

const folder = mkdtempSync(join(tmpdir(), 'pool-test-'));
afterAll(() => rmSync(folder, { recursive: true }));

let made = 0;
/** A function with this module source. */
function define(source: string, more: Partial<FunctionDefinition> = {}): FunctionDefinition {
  const modulePath = join(folder, `${made++}.mjs`);
  writeFileSync(modulePath, source);
  return {
    name: `f${made}`,
    arn: `arn:aws:lambda:us-east-1:000000000000:function:f${made}`,
    modulePath,
    handler: 'index.handler',
    environment: {},
    memory: 128,
    timeout: 2000,
    accessKeyId: `ASIA${made}`,
    role: { name: `r${made}`, statements: [], unreadable: [] },
    logGroup: `/aws/lambda/f${made}`,
    ...more,
  };
}

let pool: FunctionPool;
const open = (options: PoolOptions = {}) => {
  pool = createFunctionPool(options);
  return pool;
};
afterEach(() => pool.close());

/** Answers which instance it is, how many calls it had, and how many run in it at the moment. */
const COUNTING = `
  let calls = 0, running = 0;
  export const handler = async ({ wait = 0 }) => {
    calls += 1; running += 1;
    const seen = running;
    await new Promise((resolve) => setTimeout(resolve, wait));
    running -= 1;
    return { instance: process.pid, calls, running: seen };
  };`;
const payloadOf = (outcome: Awaited<ReturnType<FunctionPool['invoke']>>) => {
  if (!outcome.ok) throw new Error(outcome.errorMessage);
  return outcome.payload;
};

describe('instances', () => {
  it('an instance is kept for the next call', async () => {
    const counting = define(COUNTING);
    open();
    const first = await pool.invoke(counting, {});
    const second = await pool.invoke(counting, {});
    expect([first.coldStart, second.coldStart]).toEqual([true, false]);
    expect(payloadOf(second)).toMatchObject({ instance: payloadOf(first).instance, calls: 2 });
  });

  it('an answer over 6 MB of JSON fails the call, but not the instance', async () => {
    const large = define(`export const handler = async ({ bytes }) => 'é'.repeat(bytes / 2 - 1);`);
    open();
    const answer = async (bytes: number) => {
      const outcome = await pool.invoke(large, { bytes });
      return outcome.ok ? outcome.payload.length : outcome.errorType;
    };
    expect(await answer(6_291_556)).toBe(3_145_777);
    expect(await answer(6_291_558)).toBe('Function.ResponseSizeTooLarge');
    expect(await answer(6_291_556)).toBe(3_145_777);
    expect(pool.size()).toBe(1);
  });

  it('an instance serves one call at a time, and calls start instances up to the limit', async () => {
    const counting = define(COUNTING);
    open({ instancesPerFunction: 2 });
    const calls = Array.from({ length: 10 }, () => pool.invoke(counting, { wait: 20 }));
    const results = (await Promise.all(calls)).map(payloadOf);
    expect(new Set(results.map(({ instance }) => instance)).size).toBe(2);
    expect(results.every(({ running }) => running === 1)).toBe(true);
  });

  it('waiting calls are served in the order of their arrival', async () => {
    const counting = define(COUNTING);
    open({ instancesPerFunction: 1 });
    const results = await Promise.all(Array.from({ length: 10 }, () => pool.invoke(counting, {})));
    expect(results.map((outcome) => payloadOf(outcome).calls)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });

  it('at the limit of all instances, an idle one of another function is ended', async () => {
    const [a, b] = [define(COUNTING), define(COUNTING)];
    open({ instances: 1 });
    await pool.invoke(a, {});
    expect(payloadOf(await pool.invoke(b, {})).calls).toBe(1);
    expect(pool.size()).toBe(1);
    const both = await Promise.all([pool.invoke(a, { wait: 20 }), pool.invoke(b, {})]);
    expect(both.every(({ ok }) => ok)).toBe(true);
  });

  it('at the limit of all instances, functions in constant use do not end each other’s instances', async () => {
    const [a, b, c] = [define(COUNTING), define(COUNTING), define(COUNTING)];
    open({ instances: 3 });
    const outcomes = [];
    for (let round = 0; round < 10; round++)
      outcomes.push(...(await Promise.all([a, a, b, b, c, c].map((each) => pool.invoke(each, { wait: 5 })))));
    // All 60, if each call of a function took the instance of another.
    expect(outcomes.filter(({ coldStart }) => coldStart).length).toBeLessThanOrEqual(15);
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(60);
  });

  it('at the limit of all instances, a function with fewer of them takes one from a function with more', async () => {
    const [a, b] = [define(COUNTING), define(COUNTING)];
    open({ instances: 4 });
    await Promise.all(Array.from({ length: 3 }, () => pool.invoke(a, { wait: 100 })));
    await pool.invoke(b, {});
    const more = await Promise.all(Array.from({ length: 3 }, () => pool.invoke(b, { wait: 300 })));
    expect(new Set(more.map((outcome) => payloadOf(outcome).instance)).size).toBe(2);
    expect(pool.size()).toBe(4);
  });

  it('a function at its limit does not delay calls of another function', async () => {
    const [busy, other] = [define(COUNTING), define(COUNTING)];
    open({ instancesPerFunction: 1 });
    await Promise.all([pool.invoke(busy, {}), pool.invoke(other, {})]);
    const order: string[] = [];
    await Promise.all([
      pool.invoke(busy, { wait: 300 }),
      pool.invoke(busy, {}).then(() => order.push('busy')),
      pool.invoke(other, {}).then(() => order.push('other')),
    ]);
    expect(order).toEqual(['other', 'busy']);
  });

  it('an instance ends after it has been idle', async () => {
    const counting = define(COUNTING);
    open({ idleTime: 50 });
    await pool.invoke(counting, {});
    await vi.waitFor(() => expect(pool.size()).toBe(0));
    expect(payloadOf(await pool.invoke(counting, {})).calls).toBe(1);
  });
});

describe('measures', () => {
  it('an instance tells the time of its requests to the database, and the pool the wait for an instance', async () => {
    const server = createServer((request, response) => {
      // The request of the module itself is never answered.
      if (request.url !== '/load') setTimeout(() => response.end('{}'), 200);
    });
    const endpoint = await listen(server);
    const asks = define(`
      import { get } from 'node:http';
      const ask = (path) => new Promise((done) =>
        get(process.env.AWS_ENDPOINT_URL_DYNAMODB + path, (answer) => answer.resume().on('end', done)));
      ask('/load');
      export const handler = async () => {
        for (const end = Date.now() + 100; Date.now() < end; );
        await Promise.all([ask('/1'), ask('/2')]);
      };`);
    const measured: Measured[] = [];
    const none = 'http://127.0.0.1:9';
    open({
      endpoints: { dynamodb: endpoint, s3: none, sqs: none, eventbridge: none, lambda: none },
      instancesPerFunction: 1,
      measured: true,
      onMeasured: (_, invocation) => measured.push(invocation),
    });
    await Promise.all([pool.invoke(asks, {}), pool.invoke(asks, {})]);
    await closeServer(server);
    const [first, second] = measured as [Measured, Measured];
    expect([first.coldStart, second.coldStart]).toEqual([true, false]);
    // 300 ms of the first call, less what the clocks of two processes differ by.
    expect(second.waited - first.waited).toBeGreaterThanOrEqual(250);
    for (const { wall, database, requests, processor } of measured) {
      expect(database).toBeGreaterThanOrEqual(195);
      // Both requests at once: the time of either is in their sum, and once in the time with any.
      expect(requests).toBeGreaterThan(1.5 * database);
      expect(wall - database).toBeGreaterThanOrEqual(95);
      expect(processor).toBeGreaterThan(1);
    }
    expect(first.heap).toBeGreaterThan(1e6);
    expect(second).not.toHaveProperty('heap');
  });
});

describe('a function', () => {
  it('a function has the environment of its template, and nothing of the process that starts it', async () => {
    process.env.LEAKED = 'yes';
    const shows = define('export const handler = () => process.env;', { environment: { OWN: 'v' }, memory: 256 });
    open({
      endpoints: { dynamodb: 'http://d', s3: 'http://s', sqs: 'http://q', eventbridge: 'http://e', lambda: 'http://l' },
      credentialsOf: () => ({ secretAccessKey: 'secret', sessionToken: 'session' }),
    });
    const environment = payloadOf(await pool.invoke(shows, {}));
    expect(environment).toMatchObject({
      OWN: 'v',
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: shows.name,
      AWS_LAMBDA_FUNCTION_MEMORY_SIZE: '256',
      AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
      LAMBDA_TASK_ROOT: folder,
      AWS_ACCESS_KEY_ID: shows.accessKeyId,
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_SESSION_TOKEN: 'session',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://d',
      AWS_ENDPOINT_URL_S3: 'http://s',
    });
    for (const name of ['LEAKED', 'PATH', 'HOME']) expect(environment).not.toHaveProperty(name);
  });

  it('a function receives the context that Lambda gives', async () => {
    const shows = define(
      'export const handler = (_, context) => ({ ...context, left: context.getRemainingTimeInMillis() });',
    );
    open();
    const outcome = await pool.invoke(shows, {});
    expect(payloadOf(outcome)).toMatchObject({
      awsRequestId: outcome.requestId,
      functionName: shows.name,
      functionVersion: '$LATEST',
      invokedFunctionArn: shows.arn,
      memoryLimitInMB: '128',
    });
    expect(payloadOf(outcome).left).toBeGreaterThan(1000);
    expect(payloadOf(outcome).left).toBeLessThanOrEqual(2000);
  });

  it.each([
    ['throws', 'export const handler = async () => { throw new TypeError("bad"); };', 'TypeError', 'bad'],
    ['has no handler', 'export const other = 1;', 'Error', 'handler is undefined or not exported'],
    ['does not load', 'throw new RangeError("load"); export const handler = 1;', 'RangeError', 'load'],
    [
      'exits',
      'export const handler = () => process.exit(3);',
      'Runtime.ExitError',
      'Runtime exited with error: exit status 3',
    ],
    [
      'throws outside of its handler',
      'export const handler = () => new Promise(() => setTimeout(() => { throw new Error("escaped"); }, 1));',
      'Error',
      'escaped',
    ],
    [
      'takes too long',
      'export const handler = () => new Promise(() => {});',
      'Sandbox.Timedout',
      'Task timed out after 0.30 seconds',
    ],
    [
      'blocks its thread',
      'export const handler = () => { for (;;); };',
      'Sandbox.Timedout',
      'Task timed out after 0.30 seconds',
    ],
  ])('a function that %s fails only its own call', async (_, source, errorType, errorMessage) => {
    const broken = define(source, { timeout: 300 });
    open();
    expect(await pool.invoke(broken, {})).toMatchObject({ ok: false, errorType, errorMessage });
    const fine = define('export const handler = () => 1;');
    expect(payloadOf(await pool.invoke(fine, {}))).toBe(1);
  });

  it('after a crash, the next waiting call starts a new instance', async () => {
    const crashing = define(`
      let calls = 0;
      export const handler = ({ crash }) => { if (crash) process.exit(1); return ++calls; };`);
    open({ instancesPerFunction: 1 });
    const [crash, next] = await Promise.all([pool.invoke(crashing, { crash: true }), pool.invoke(crashing, {})]);
    expect(crash.ok).toBe(false);
    expect(payloadOf(next)).toBe(1);
  });

  it('a function has as much memory as its template says', async () => {
    const greedy = define(
      'export const handler = () => { const all = []; for (;;) all.push(Array(1000).fill({})); };',
      {
        memory: 64,
        timeout: 20_000,
      },
    );
    open();
    expect(await pool.invoke(greedy, {})).toMatchObject({
      ok: false,
      errorMessage: 'Runtime exited with error: signal: SIGABRT',
    });
  });

  it('each line that a function prints is reported', async () => {
    const prints = define('export const handler = () => { console.log("one\\ntwo"); console.error("three"); };');
    const lines: string[] = [];
    open({ onLine: ({ name }, line) => lines.push(`${name} ${line}`) });
    await pool.invoke(prints, {});
    await vi.waitFor(() =>
      expect(lines.sort()).toEqual(['one', 'three', 'two'].map((line) => `${prints.name} ${line}`)),
    );
  });
});

it('closing the pool ends running and waiting calls', async () => {
  const hangs = define('export const handler = () => new Promise(() => {});', { timeout: 60_000 });
  open({ instancesPerFunction: 1 });
  const calls = [pool.invoke(hangs, {}), pool.invoke(hangs, {})];
  await sleep(100);
  await pool.close();
  expect((await Promise.all(calls)).map(({ ok }) => ok)).toEqual([false, false]);
  expect(pool.size()).toBe(0);
});
