import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import { parsePattern } from '../../infra/local/event-pattern.ts';
import type { Outcome } from '../../infra/local/function-pool.ts';
import { startQueueSource } from '../../infra/local/queue-source.ts';
import type { QueueMapping } from '../../infra/local/read-queues.ts';
import { Queue } from '../../infra/local/sqs/queue.ts';
import type { Json } from '../../infra/local/template.ts';
import { FIFO, STANDARD } from './queue-definition.ts';

let queue: Queue;
let batches: Json[][];
let running: number;
let most: number;
let close: () => Promise<void>;
/** Says how the function ends, for each of its calls. */
let answer: (records: Json[]) => Promise<Partial<Outcome> & { payload?: Json }>;
beforeEach(() => {
  [batches, running, most] = [[], 0, 0];
  answer = async () => ({ ok: true });
  // Messages come back after 0.2 s.
  queue = new Queue({ ...FIFO, visibilityTimeout: 0.2 });
});
afterEach(() => close());

function start(mapping: Partial<QueueMapping> = {}) {
  ({ close } = startQueueSource({
    queue,
    mapping: {
      function: {} as FunctionDefinition,
      queueArn: queue.definition.arn,
      patterns: [],
      batchSize: 10,
      window: 0,
      maximumConcurrency: undefined,
      reportsItemFailures: true,
      ...mapping,
    },
    async invoke({ Records }) {
      batches.push(Records);
      most = Math.max(most, ++running);
      const outcome = await answer(Records);
      running -= 1;
      return outcome as Outcome;
    },
  }));
}
const send = (group: string, ...bodies: string[]) => {
  for (const body of bodies)
    queue.send({ MessageBody: body, MessageGroupId: group, MessageDeduplicationId: body }, 'ASIAF');
};
const bodiesOf = (records: Json[]) => records.map(({ body }) => body);
const delivered = () => batches.flatMap(bodiesOf);
const isEmpty = () => expect(queue.counts()).toEqual({ visible: 0, inFlight: 0, delayed: 0 });

describe('messages', () => {
  it('a message arrives in the form that Lambda delivers, and is deleted', async () => {
    send('A', 'a1');
    start();
    await vi.waitFor(() => expect(batches).toHaveLength(1));
    expect(batches[0]).toEqual([
      {
        messageId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        receiptHandle: expect.any(String),
        body: 'a1',
        attributes: {
          ApproximateReceiveCount: '1',
          SentTimestamp: expect.stringMatching(/^\d{13}$/),
          SenderId: 'ASIAF',
          ApproximateFirstReceiveTimestamp: expect.stringMatching(/^\d{13}$/),
          SequenceNumber: expect.stringMatching(/^\d{20}$/),
          MessageGroupId: 'A',
          MessageDeduplicationId: 'a1',
        },
        messageAttributes: {},
        md5OfBody: '8a8bb7cd343aa2ad99b7d762030857a2',
        eventSource: 'aws:sqs',
        eventSourceARN: FIFO.arn,
        awsRegion: 'us-east-1',
      },
    ]);
    await vi.waitFor(isEmpty);
  });

  it('messages that match no pattern are deleted without a call', async () => {
    queue = new Queue(STANDARD);
    for (const body of ['{"kind":"a"}', '{"kind":"b"}', 'text']) queue.send({ MessageBody: body }, 'local');
    start({ patterns: [parsePattern('{"body":{"kind":["a"]}}')] });
    await vi.waitFor(isEmpty);
    expect(delivered()).toEqual(['{"kind":"a"}']);
  });

  it('a window collects the messages that arrive within it', async () => {
    queue = new Queue(STANDARD);
    start({ window: 500, maximumConcurrency: 1 });
    queue.send({ MessageBody: '1' }, 'local');
    await sleep(200);
    queue.send({ MessageBody: '2' }, 'local');
    await vi.waitFor(() => expect(batches.map(bodiesOf)).toEqual([['1', '2']]));
  });

  it('a full batch does not wait for the end of its window', async () => {
    queue = new Queue(STANDARD);
    start({ window: 60_000, maximumConcurrency: 1, batchSize: 12 });
    for (let index = 0; index < 13; index++) queue.send({ MessageBody: `${index}` }, 'local');
    await vi.waitFor(() => expect(batches.map((batch) => batch.length)).toEqual([12]));
  });

  it('one group is in one invocation at a time, others run beside it, up to the maximum', async () => {
    const open = new Set<string>();
    answer = async (records) => {
      const groups = new Set<string>(records.map(({ attributes }) => attributes.MessageGroupId));
      for (const group of groups) expect(open.has(group)).toBe(false);
      for (const group of groups) open.add(group);
      await sleep(20);
      for (const group of groups) open.delete(group);
      return { ok: true };
    };
    for (let index = 0; index < 10; index++) for (const group of 'ABC') send(group, `${group}${index}`);
    start({ batchSize: 1, maximumConcurrency: 2 });
    await vi.waitFor(isEmpty, { timeout: 5000 });
    for (const group of 'ABC') {
      const expected = Array.from({ length: 10 }, (_, index) => `${group}${index}`);
      expect(delivered().filter((body) => body.startsWith(group))).toEqual(expected);
    }
    expect(most).toBe(2);
  });
});

describe('a batch that fails', () => {
  it('a failed message comes back after its visibility timeout, before those behind it', async () => {
    let failures = 2;
    answer = async (records) => {
      const index = records.findIndex(({ body }) => body === 'a2');
      if (index < 0 || failures-- <= 0) return { ok: true };
      const failed = records.slice(index).map(({ messageId }) => ({ itemIdentifier: messageId }));
      return { ok: true, payload: { batchItemFailures: failed } };
    };
    send('A', 'a1', 'a2', 'a3');
    start();
    const started = Date.now();
    await vi.waitFor(isEmpty, { timeout: 5000 });
    expect(batches.map(bodiesOf)).toEqual([
      ['a1', 'a2', 'a3'],
      ['a2', 'a3'],
      ['a2', 'a3'],
    ]);
    expect(Date.now() - started).toBeGreaterThanOrEqual(400);
    expect(batches[2]?.[0].attributes.ApproximateReceiveCount).toBe('3');
  });

  it.each<[string, Partial<Outcome> & { payload?: Json }]>([
    ['an invocation that fails', { ok: false }],
    ['an identifier of no message', { ok: true, payload: { batchItemFailures: [{ itemIdentifier: 'x' }] } }],
  ])('%s means that the whole batch failed', async (_, outcome) => {
    answer = async () => (batches.length === 1 ? outcome : { ok: true });
    send('A', 'a1', 'a2');
    start();
    await vi.waitFor(() => expect(delivered()).toEqual(['a1', 'a2', 'a1', 'a2']), { timeout: 5000 });
  });

  it('a message is delivered again if its invocation takes longer than the visibility timeout', async () => {
    answer = async () => {
      if (batches.length === 1) await sleep(300);
      return { ok: true };
    };
    send('A', 'a1', 'a2');
    start({ batchSize: 1 });
    await vi.waitFor(() => expect(delivered()).toEqual(['a1', 'a1', 'a2']), { timeout: 5000 });
    await vi.waitFor(isEmpty);
  });

  it('a message that fails too often moves to the dead-letter queue, and those behind it are delivered', async () => {
    const dead = new Queue({ ...FIFO, name: 'dead.fifo' });
    const redrive = { queueArn: 'dead', maxReceiveCount: 2 };
    queue = new Queue({ ...FIFO, visibilityTimeout: 0.1, redrive }, { queueOf: () => dead });
    answer = async (records) => ({ ok: !bodiesOf(records).includes('bad') });
    send('A', 'bad', 'good');
    start({ batchSize: 1 });
    await vi.waitFor(() => expect(delivered()).toEqual(['bad', 'bad', 'good']), { timeout: 5000 });
    expect(dead.receive(1)).toMatchObject([{ body: 'bad', group: 'A', movedFrom: FIFO.arn }]);
  });
});
