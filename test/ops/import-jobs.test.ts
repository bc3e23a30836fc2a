import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import type { Context, SQSEvent } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { handler } from '../../functions/background/import.ts';
import { Random } from '../../infra/local/random.ts';
import type { Queue } from '../../infra/local/sqs/queue.ts';
import { exportFile } from '../../infra/ops/export-file.ts';
import { ImportReport, importFile } from '../../infra/ops/import-file.ts';
import { SortedLines } from '../../infra/ops/import-parts.ts';
import { documentClient } from '../../shared/data/client.ts';
import { importParts } from '../../shared/storage/names.ts';
import { objectsBelow, remove } from '../../shared/storage/operator-object-repo.ts';
import { TEST_BUCKET } from '../support/bucket.ts';
import { type CallLog, takeLogs } from '../support/log.ts';
import { Given } from '../support/story.ts';
import { testMessaging, worldInProcess } from '../support/world.ts';
import { opsHere, stackFolder } from './command-line.ts';

const world = await worldInProcess();
const queue = () => testMessaging().imports;

const project = process.cwd();
beforeAll(() => {
  const { AWS_ENDPOINT_URL_DYNAMODB: database, AWS_ENDPOINT_URL_S3: s3, AWS_ENDPOINT_URL_SQS: sqs } = process.env;
  const of = (queues: string | undefined) =>
    stackFolder(database!, world.table.name, { endpoint: s3!, name: TEST_BUCKET }, queues);
  [stack, withoutQueues] = [of(sqs), of('http://127.0.0.1:9')];
  process.chdir(stack);
});
/** Folders of a laptop stack, and of one whose queues do not answer. */
let [stack, withoutQueues] = ['', ''];
afterAll(() => process.chdir(project));

const files = mkdtempSync(join(tmpdir(), 'roster-import-jobs-'));
let named = 0;
const newFile = () => join(files, `${++named}.ndjson`);
const linesIn = (file: string) => readFileSync(file, 'utf8').split('\n').filter(Boolean);

function fileOf(lines: readonly object[]): string {
  const file = newFile();
  writeFileSync(file, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  return file;
}

// biome-ignore lint/suspicious/noExplicitAny: what the command line prints is looked at field by field
async function jobs(...args: string[]): Promise<any> {
  const { exitCode, stdout, stderr } = await opsHere(['import-jobs', ...args, '--json']);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout);
}

async function exported({ record }: Given): Promise<string[]> {
  const file = newFile();
  await exportFile(world.table, record, file, { write: () => true });
  return linesIn(file);
}

const T = 1_700_000_000_000;
const [USERS, GROUPS] = [90, 12];
const userAt = (n: number) => 1000 + (n % USERS);

/** Lines of all kinds in an order that no import can follow, wrong ones among them. */
function manyLines(random: Random): object[] {
  const lines: object[] = [];
  for (let n = 0; n < USERS; n++)
    lines.push({ kind: 'user', user_id: userAt(n), username: `u${n}`, created_at: T + n, nick_name: `U ${n}` });
  for (let n = 0; n < GROUPS; n++) {
    const group_id = 9000 + n;
    lines.push({ kind: 'group', group_id, owner_id: userAt(n * 5), name: `G ${n}`, created_at: T + n, capacity: 500 });
    for (let m = 1; m <= 12; m++)
      lines.push({
        kind: 'member',
        group_id,
        user_id: userAt(n * 5 + m * 7),
        join_time: T + m,
        display_name: `M ${m}`,
      });
    lines.push({ kind: 'block', group_id, user_id: userAt(n * 5 + 6), created_at: T + n });
    lines.push({ kind: 'ban', group_id, user_id: userAt(n * 5 + 7), expired_time: -1, created_at: T + n });
    lines.push({ kind: 'announcement', group_id, id: 3, title: 'T', content: 'C', author: userAt(n), created_at: T });
    // Nobody of this id.
    lines.push({ kind: 'member', group_id, user_id: 77, join_time: T });
  }
  for (let n = 0; n < USERS; n += 2) {
    lines.push({ kind: 'friend', user_id: userAt(n), friend_id: userAt(n + 3), created_at: T + n });
    lines.push({ kind: 'user_block', user_id: userAt(n), blocked_id: userAt(n + 6), created_at: T + n });
  }
  lines.push(
    { kind: 'user', user_id: 5, username: 'u5', created_at: T },
    { kind: 'user', user_id: 6 },
    { kind: 'what' },
  );
  lines.push({ kind: 'group', group_id: 1, owner_id: 77, name: 'Of nobody' });
  const order = new Map(lines.map((line) => [line, random.next()]));
  return lines.sort((one, other) => order.get(one)! - order.get(other)!);
}

/** How Lambda and the database treat runs. */
interface Weather {
  /** Of how many requests one ends its run at once, before or after it is done: the process is killed. */
  kills?: number;
  /** Milliseconds that a run has. */
  time?: number;
  /** Takes messages a second time while the first run works. */
  twice?: boolean;
}

const runs = new AsyncLocalStorage<{ dead: boolean }>();
let killed = 0;

/** Hands out messages until none is left, several at a time, as Lambda does. */
async function workOff(random: Random, { kills = 0, time = 60_000, twice = false }: Weather = {}): Promise<number> {
  const die = (run: { dead: boolean }) => {
    run.dead = true;
    killed++;
    throw new Error('killed');
  };
  documentClient().middlewareStack.add(
    (next) => async (args) => {
      const run = runs.getStore();
      if (!run || kills === 0) return next(args);
      if (run.dead || random.chance(1 / kills)) die(run);
      const answer = await next(args);
      if (random.chance(1 / kills)) die(run);
      return answer;
    },
    { step: 'initialize', name: 'kills' },
  );
  let handed = 0;
  const hand = async (message: ReturnType<Queue['receive']>[number]) => {
    handed++;
    const ends = Date.now() + time;
    const context = { awsRequestId: message.id, getRemainingTimeInMillis: () => ends - Date.now() } as Context;
    const Records = [{ messageId: message.id, receiptHandle: message.receipt, body: message.body, attributes: {} }];
    const run = { dead: false };
    const { batchItemFailures } = await runs.run(run, () => handler({ Records } as unknown as SQSEvent, context));
    return !run.dead && batchItemFailures.length === 0;
  };
  try {
    for (;;) {
      const messages = queue().receive(5);
      if (messages.length === 0) return handed;
      await Promise.all(
        messages.map(async (message) => {
          const [done] = await Promise.all([hand(message), ...(twice && random.chance(1 / 3) ? [hand(message)] : [])]);
          if (done) queue().delete(message.receipt);
          else queue().changeVisibility(message.receipt, 0);
        }),
      );
    }
  } finally {
    documentClient().middlewareStack.remove('kills');
  }
}

const objectsOf = async (prefix: string) => {
  const keys: string[] = [];
  for await (const { key } of objectsBelow(world.bucket, prefix)) keys.push(key);
  return keys;
};

/** An app with so many users and groups that counters are kept. */
const newApp = () => Given.app(world, { users: 100_000, groups: 100_000 });

afterEach(() => {
  queue().purge();
});

describe('ops import-jobs', () => {
  it('imports what the command line would, whatever runs end early, twice or late', async () => {
    const random = new Random(7);
    const lines = manyLines(random);
    const file = fileOf(lines);
    const [by, expected] = await Promise.all([newApp(), newApp()]);
    const report = newFile();
    const byCommand = () => importFile(world.table, expected.record, file, { report, screen: { write: () => true } });
    // A loaded machine may take too long for a request. What is counted does not depend on it.
    const told = await byCommand().catch(byCommand).catch(byCommand);

    const { job_id, state } = await jobs('start', by.app, file);
    expect(state).toBe('running');
    expect(await objectsOf(importParts(by.app, job_id))).not.toEqual([]);
    // Time for a chunk or two, so lanes wake themselves; a process in twenty requests ends.
    const handed = await workOff(random, { kills: 40, time: 15_150, twice: true });
    expect(killed).toBeGreaterThan(3);
    expect(handed).toBeGreaterThan(40);

    const ended = await jobs('status', by.app, job_id);
    expect(ended).toMatchObject({ state: 'done', faults: [], lines: lines.length - 3, done: lines.length - 3 });
    for (const [kind, counts] of Object.entries<Record<string, number>>(ended.kinds)) {
      const { lines, written, there, refused } = told.counts.get(kind as 'user')!;
      // A chunk whose run was killed after its write is there already when it comes again.
      expect({ kind, ...counts, written: counts.written! + counts.there_already!, there_already: 0 }).toEqual({
        ...{ kind, lines, refused },
        written: written + there,
        there_already: 0,
      });
    }
    expect(await exported(by)).toEqual(await exported(expected));
    expect(await by.problems()).toEqual([]);

    const refused = newFile();
    expect(await jobs('report', by.app, job_id, refused)).toMatchObject({ refused: ended.refused });
    const number = (line: string) => JSON.parse(line).line;
    expect(linesIn(refused)).toEqual(linesIn(report).sort((one, other) => number(one) - number(other)));
    expect(linesIn(refused).length).toBeGreaterThan(GROUPS);
    // Neither lines nor messages are left.
    expect(await objectsOf(importParts(by.app, job_id))).toEqual([]);
    expect(queue().counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });
    expect(await jobs('resume', by.app, job_id)).toMatchObject({ woken: 0 });
  });

  it('counts every chunk once where two runs have one lane', async () => {
    const given = await newApp();
    const lines = Array.from({ length: 300 }, (_, n) => ({ kind: 'user', user_id: 1000 + n * 8, username: `u${n}` }));
    const { job_id } = await jobs('start', given.app, fileOf(lines), '--lanes', '1');
    await workOff(new Random(1), { twice: true });
    const { kinds, state } = await jobs('status', given.app, job_id);
    const { written, there_already } = kinds.user;
    expect({ state, counted: written + there_already }).toEqual({ state: 'done', counted: 300 });
  });

  it('removes the part of a run that was killed before it could, where another run had the lane', async () => {
    const given = await newApp();
    const { job_id } = await jobs('start', given.app, fileOf([{ kind: 'user', user_id: 1000, username: 'twin' }]));
    let moves = 0;
    documentClient().middlewareStack.add(
      (next) => async (args) => {
        // The other run has moved the lane just before.
        if ('Item' in args.input && 'chunk' in (args.input.Item ?? {}) && ++moves === 1) await next(args);
        return next(args);
      },
      { step: 'initialize', name: 'twin' },
    );
    await workOff(new Random(5));
    documentClient().middlewareStack.remove('twin');
    expect(moves).toBeGreaterThan(0);
    expect(await jobs('status', given.app, job_id)).toMatchObject({ state: 'done', done: 1 });
    expect(await objectsOf(importParts(given.app, job_id))).toEqual([]);
  });

  it('goes on after a part was missing, and after all its messages were lost', async () => {
    const given = await newApp();
    const file = fileOf(manyLines(new Random(3)));
    const { job_id, lines } = await jobs('start', given.app, file, '--units', '100000');
    const [part] = await objectsOf(importParts(given.app, job_id));
    const kept = await world.bucket.client.send(new GetObjectCommand({ Bucket: TEST_BUCKET, Key: part! }));
    const Body = await kept.Body!.transformToByteArray();
    await remove(world.bucket, part!);
    const logs: CallLog[] = [];
    for (const message of queue().receive(100)) {
      const waking = { messageId: message.id, receiptHandle: message.receipt, body: message.body };
      const context = { awsRequestId: message.id, getRemainingTimeInMillis: () => 60_000 } as Context;
      await handler({ Records: [waking] } as unknown as SQSEvent, context);
      logs.push(...takeLogs(message.id));
    }
    queue().purge();
    const failing = await jobs('status', given.app, job_id);
    const fault = `part ${part!.slice(importParts(given.app, job_id).length, -'.gz'.length)} is missing in the bucket`;
    expect(failing).toMatchObject({ state: 'failing', faults: [{ fault }] });
    expect(logs.filter(({ level }) => level === 'error')).toMatchObject([
      { import: job_id, error: { message: fault } },
    ]);

    await world.bucket.client.send(new PutObjectCommand({ Bucket: TEST_BUCKET, Key: part!, Body }));
    expect(await jobs('resume', given.app, job_id)).toEqual({ app_id: given.app, job_id, woken: expect.any(Number) });
    await workOff(new Random(3));
    expect(await jobs('status', given.app, job_id)).toMatchObject({ state: 'done', done: lines, faults: [] });
    expect(await jobs('list', given.app)).toMatchObject({ imports: [{ job_id, state: 'done' }] });
  });

  it('keeps its lines where its lanes cannot be woken, and says how it is resumed', async () => {
    const given = await newApp();
    const lines = [{ kind: 'user', user_id: 1000, username: 'late' }];
    process.chdir(withoutQueues);
    const { exitCode, stderr } = await opsHere(['import-jobs', 'start', given.app, fileOf(lines)]);
    process.chdir(stack);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('import-jobs resume') });
    const [, job_id] = /import-jobs resume \S+ ([0-9a-f]{12}) begins/.exec(stderr)!;
    expect(await objectsOf(importParts(given.app, job_id!))).toHaveLength(1);
    await jobs('resume', given.app, job_id!);
    await workOff(new Random(4));
    expect(await jobs('status', given.app, job_id!)).toMatchObject({ state: 'done', done: 1 });
  });

  it('waits while the database throttles, and counts it as no failure', async () => {
    const given = await newApp();
    const lines = Array.from({ length: 100 }, (_, n) => ({ kind: 'user', user_id: 1000 + n, username: `u${n}` }));
    const { job_id } = await jobs('start', given.app, fileOf(lines));
    const until = Date.now() + 4500;
    documentClient().middlewareStack.add(
      (next) => async (args) => {
        if (!('TransactItems' in args.input) || Date.now() > until) return next(args);
        throw Object.assign(new Error('slow down'), { name: 'ThrottlingException' });
      },
      { step: 'initialize', name: 'throttles' },
    );
    const handed = await workOff(new Random(5)).finally(() => documentClient().middlewareStack.remove('throttles'));
    const { state, faults, kinds, throttled } = await jobs('status', given.app, job_id);
    expect({ state, faults, written: kinds.user.written }).toEqual({ state: 'done', faults: [], written: 100 });
    expect(throttled).toBeGreaterThan(0);
    // One run for each lane.
    expect(handed).toBe(8);
  });

  it('ends where it is cancelled, and leaves no lines in the bucket', async () => {
    const given = await newApp();
    const { job_id } = await jobs('start', given.app, fileOf(manyLines(new Random(2))));
    const [message] = queue().receive(1);
    queue().changeVisibility(message!.receipt, 0);
    expect(await jobs('cancel', given.app, job_id)).toEqual({ app_id: given.app, job_id, cancelled: true });
    expect(await objectsOf(importParts(given.app, job_id))).toEqual([]);
    await workOff(new Random(2));
    expect(await jobs('status', given.app, job_id)).toMatchObject({ state: 'cancelled', done: 0 });
    expect(await exported(given)).toEqual([]);
    const { exitCode, stdout } = await opsHere(['import-jobs', 'resume', given.app, job_id, '--json']);
    expect({ exitCode, ...JSON.parse(stdout) }).toEqual({
      exitCode: 1,
      error: `import ${job_id} is cancelled: start another one`,
    });
  });

  it('uploads hashes in place of passwords, and keeps lanes from conflicts', async () => {
    const divide = async (lines: object[]) => {
      const sorted = await SortedLines.of(fileOf(lines), new ImportReport(undefined), () => {});
      const texts: string[] = [];
      const steps = await sorted.divide(16, async (_step, _lane, _part, text) => void texts.push(text));
      await sorted.remove();
      return { steps, text: texts.join('\n') };
    };
    const { text } = await divide([{ kind: 'user', user_id: 1, username: 'a', password: 'correct-horse' }]);
    expect(text).toContain('"password_hash":{"salt":');
    expect(text).not.toContain('correct-horse');
    /** Lanes with parts, where groups have members in common so often. */
    const lanes = async (users: number) => {
      const members = Array.from({ length: 20_000 }, (_, n) => ({
        kind: 'member',
        group_id: 1 + Math.floor(n / 20),
        user_id: 1 + ((n * 7919) % users),
      }));
      const { steps } = await divide(members);
      return steps[0]!.parts.filter((count) => count > 0).length;
    };
    expect([await lanes(40), await lanes(5000), await lanes(20_000)]).toEqual([1, 2, 16]);
  });

  it.each([
    ['status', 'x', 'An import has 12 hexadecimal digits'],
    ['status', '0123456789ab', 'the app has no import 0123456789ab'],
  ])('%s of %s says what is wrong', async (command, job, said) => {
    const { app } = await newApp();
    const { exitCode, stdout } = await opsHere(['import-jobs', command, app, job, '--json']);
    expect(exitCode).toBe(1);
    expect(JSON.parse(stdout).error).toContain(said);
  });
});
