import { randomUUID } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { beforeAll, describe, expect, test } from 'vitest';
import type { Queue, ReceivedMessage } from '../../infra/local/sqs/queue.ts';
import { putApp } from '../../shared/data/app-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import * as schema from '../../shared/data/schema.ts';
import {
  type Attempt,
  attemptsOf,
  deliveriesFrom,
  type Endpoint,
  endpointOf,
  putEndpoint,
} from '../../shared/data/webhook-repo.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import { deliver, headersOf, nextAttempt, type Received } from '../../shared/domain/event/delivery.ts';
import { eventOf } from '../../shared/domain/event/entry.ts';
import { messageFor, type SentEvent } from '../../shared/domain/event/webhook-message.ts';
import type { AppId } from '../../shared/ids.ts';
import { newTable, putAll } from '../support/database.ts';
import { appId, userId } from '../support/ids.ts';
import { newQueue } from '../support/messaging.ts';

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
const START = Date.UTC(2030, 0, 1);

let table: OperatorTable;
beforeAll(async () => {
  table = await newTable();
});

/** An app with endpoints, a queue and a clock that only the test moves. */
class World {
  readonly app: AppId = appId(`t${randomUUID()}`);
  now = START;
  readonly queue: Queue = newQueue(() => this.now);
  /** What was sent: the time, the endpoint and the number of the event. */
  readonly sent: { at: number; url: string; number: number }[] = [];
  /** How endpoints answer; default: 200. */
  answer: (url: string, number: number) => number | undefined = () => 200;
  /** How often the log would count that an endpoint was disabled. */
  disabled = 0;
  /** Milliseconds that a request takes. */
  takes = 0;

  static async make(): Promise<World> {
    const made = new World();
    await viewOf(table).write([putApp(newApp(made.app))]);
    return made;
  }

  async endpoint(more: Partial<Endpoint> = {}): Promise<string> {
    const id = `${this.#places++}${randomUUID().replaceAll('-', '').slice(0, 15)}`;
    const endpoint: Endpoint = {
      id,
      url: `https://hooks.example/${id}`,
      types: [],
      group: 0,
      description: '',
      enabled: true,
      secrets: [{ secret: `whsec_${Buffer.alloc(32, 7).toString('base64')}` }],
      createdAt: START,
      updatedAt: START,
      ...more,
    };
    await viewOf(table).write([putEndpoint(this.app, endpoint)]);
    return id;
  }
  #places = 0;

  /** Puts the event of a group into the queue. */
  event(number: number, group: number, ...endpoints: string[]): void {
    const event = eventOf(this.app, {
      id: `event-${number}`,
      sequence: number,
      type: 'group.silenced',
      at: this.now,
      authtype: 'user',
      authid: '12',
      cause: 'test',
      data: { group_id: group, until: -1 },
    });
    for (const endpoint of endpoints) {
      const { body, group: lane, deduplicationId } = messageFor(this.app, endpoint, event);
      this.queue.send({ MessageBody: body, MessageGroupId: lane, MessageDeduplicationId: deduplicationId }, 'test');
    }
  }

  /** Hands one batch to `deliver`, as the function does. @returns how many messages it had */
  async run(): Promise<number> {
    const messages = this.queue.receive(10);
    const started = this.now;
    const db = viewOf(table);
    const postponed = await deliver(
      {
        db,
        now: () => this.now,
        left: () => 55_000 - (this.now - started),
        send: async (url, _, body) => {
          const number = Number((JSON.parse(body) as SentEvent).sequence);
          this.sent.push({ at: this.now, url, number });
          this.now += this.takes;
          const status = this.answer(url, number);
          return status === undefined ? { error: 'ECONNREFUSED' } : { status, answer: 'so' };
        },
      },
      messages.map(received),
    );
    this.disabled += db.events.endpoints_failed ?? 0;
    const seconds = new Map(postponed.map((one) => [one.messageId, one.seconds]));
    for (const { id, receipt } of messages) {
      const after = seconds.get(id);
      if (after === undefined) this.queue.delete(receipt);
      else this.queue.changeVisibility(receipt, after);
    }
    return messages.length;
  }

  /** Runs until the queue is empty or `end` (ms) has come; time passes only where nothing is due. */
  async runUntil(end: number, step = SECOND): Promise<void> {
    while (this.now < end) {
      if ((await this.run()) > 0) continue;
      const { visible, inFlight } = this.queue.counts();
      if (visible + inFlight === 0) return;
      this.now += step;
    }
  }

  state = async (id: string) => (await viewOf(table).read([endpointOf(this.app, id)] as const))[0];
  attempts = async (id: string): Promise<Attempt[]> =>
    (await viewOf(table).read(attemptsOf(this.app, id, 1000, this.now))).flat();
  failed = async (id: string) =>
    (await viewOf(table).read(deliveriesFrom(this.app, id, 0, 100))).filter((one) => one.failed !== undefined);
  numbers = () => this.sent.map(({ number }) => number);
}

const received = ({ id, body, group, sentAt, receiveCount }: ReceivedMessage): Received => ({
  ...JSON.parse(body),
  messageId: id,
  group: group ?? '',
  queuedAt: sentAt,
  receiveCount,
});

describe('the schedule of webhooks', () => {
  test('an event is tried at 0, 5 s, 30 s, 5 min, 30 min, 2 h, 5 h, and then every 10 h, for three days', () => {
    const waits: number[] = [];
    let now = START;
    for (let attempts = 1; ; attempts++) {
      const next = nextAttempt(attempts, START, now);
      if (next === undefined) break;
      waits.push(next - now);
      now = next;
    }
    expect(waits).toEqual([
      5 * SECOND,
      30 * SECOND,
      5 * MINUTE,
      30 * MINUTE,
      2 * HOUR,
      5 * HOUR,
      ...Array(6).fill(10 * HOUR),
    ]);
    expect(now - START).toBeGreaterThan(2.5 * DAY);
    expect(now - START).toBeLessThanOrEqual(3 * DAY);
  });

  test('every wait fits into what SQS allows from a receipt on', () => {
    for (let attempts = 1; attempts < 20; attempts++)
      expect((nextAttempt(attempts, START, START) ?? START) - START).toBeLessThan(12 * HOUR - 6 * MINUTE);
  });
});

describe('signatures', () => {
  const endpoint = { secrets: [{ secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }] } as Endpoint;

  test('they are those of the example of Standard Webhooks', () => {
    const headers = headersOf(endpoint, 'msg_p5jXN8AQM9LWM0D4loKWxJek', '{"test": 2432232314}', 1_614_265_330_000);
    expect(headers).toMatchObject({
      'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('all secrets that have not expired sign, the newest first; the package verifies each', () => {
    const secrets = [0, 1, 2].map((byte) => `whsec_${Buffer.alloc(32, byte).toString('base64')}`);
    const now = Date.now();
    const rotated = {
      secrets: [
        { secret: secrets[0] },
        { secret: secrets[1], expiresAt: now + 1 },
        { secret: secrets[2], expiresAt: now },
      ],
    } as Endpoint;
    const headers = headersOf(rotated, 'id', '{"a":1}', now);
    expect(headers['webhook-signature']!.split(' ')).toHaveLength(2);
    for (const secret of secrets.slice(0, 2)) expect(new Webhook(secret).verify('{"a":1}', headers)).toEqual({ a: 1 });
    expect(() => new Webhook(secrets[2]!).verify('{"a":1}', headers)).toThrow();
    expect(() => new Webhook(secrets[0]!).verify('{"a":2}', headers)).toThrow();
  });
});

describe('delivery', () => {
  test('an endpoint that is down for a day catches up in order, and others and other groups do not wait', async () => {
    const world = await World.make();
    const [down, up] = [await world.endpoint(), await world.endpoint()];
    const back = START + DAY;
    world.answer = (url) => (url.endsWith(down) && world.now < back ? 503 : 200);
    for (let number = 1; number <= 20; number++) world.event(number, number % 3, down, up);
    await world.runUntil(START + 3 * DAY, MINUTE);
    const to = (id: string) => world.sent.filter(({ url }) => url.endsWith(id));
    // The other one has all of them at once.
    expect(to(up).every(({ at }) => at < START + MINUTE)).toBe(true);
    expect(to(up)).toHaveLength(20);
    const taken = to(down).filter(({ at }) => at >= back);
    for (const group of [0, 1, 2]) {
      const expected = Array.from({ length: 20 }, (_, index) => index + 1).filter((number) => number % 3 === group);
      expect(taken.map(({ number }) => number).filter((number) => number % 3 === group)).toEqual(expected);
      // While it is down, only the first event of each group is tried.
      const before = to(down).filter(({ at, number }) => at < back && number % 3 === group);
      expect(new Set(before.map(({ number }) => number)).size).toBe(1);
      expect(before.length).toBeGreaterThan(6);
    }
    expect(world.now).toBeLessThan(back + 11 * HOUR);
    expect(await world.state(down)).toMatchObject({ enabled: true });
    expect((await world.state(down))?.failingSince).toBeUndefined();
    expect(await viewOf(table).read(deliveriesFrom(world.app, down, 0, 100))).toEqual([]);
  });

  test('after three days a delivery has failed and is kept without erased users, and the next one is tried', async () => {
    const world = await World.make();
    const erased = { user: 12, status: 'deleted', username: '', epoch: 1, createdAt: 0 };
    await putAll(table, [{ ...schema.user.key(world.app, userId(12)), ...erased }]);
    const id = await world.endpoint();
    world.answer = (_, number) => (number === 1 ? undefined : 200);
    world.event(1, 77, id);
    world.event(2, 77, id);
    world.event(3, 78, id);
    await world.runUntil(START + 4 * DAY, MINUTE);
    expect(world.sent.filter(({ number }) => number === 1)).toHaveLength(13);
    expect(world.numbers().filter((number) => number !== 1)).toEqual([3, 2]);
    expect(world.sent.at(-1)!.at).toBeGreaterThan(START + 2.5 * DAY);
    const [failed, ...others] = await world.failed(id);
    expect(others).toEqual([]);
    expect(failed).toMatchObject({ sk: '0000000000000001', attempts: 13 });
    expect(JSON.parse(failed!.failed!)).toMatchObject({ id: 'event-1', authid: '0', data: { group_id: 77 } });
  });

  test('410 disables at once: what waits is dropped, and nothing more is sent', async () => {
    const world = await World.make();
    const id = await world.endpoint();
    world.answer = () => 410;
    for (const number of [1, 2, 3]) world.event(number, 77, id);
    world.event(4, 78, id);
    await world.runUntil(START + HOUR);
    expect(world.sent.length).toBeLessThanOrEqual(2);
    expect(world.queue.counts()).toMatchObject({ visible: 0, inFlight: 0 });
    expect(await world.state(id)).toMatchObject({ enabled: false, disabledBecause: 'gone' });
    expect((await world.failed(id)).length).toBeGreaterThan(0);
  });

  test('an endpoint that fails for five days is disabled, and the log counts it for the alarm', async () => {
    const world = await World.make();
    const id = await world.endpoint();
    world.answer = () => 500;
    for (let day = 0; day <= 5; day++) {
      world.event(day + 1, day, id);
      expect(await world.state(id)).toMatchObject({ enabled: true });
      await world.runUntil(START + (day + 1) * DAY, 10 * MINUTE);
      world.now = START + (day + 1) * DAY;
    }
    expect(await world.state(id)).toMatchObject({ enabled: false, disabledBecause: 'failing' });
    expect(world.disabled).toBe(1);
    const last = world.sent.at(-1)!;
    expect(last.at - START).toBeGreaterThanOrEqual(5 * DAY);
    expect(last.at - START).toBeLessThan(5.5 * DAY);
  });

  test('a single failure a week ago does not disable', async () => {
    const world = await World.make();
    const id = await world.endpoint();
    world.answer = () => 500;
    world.event(1, 77, id);
    await world.run();
    world.queue.purge();
    world.now += 7 * DAY;
    world.event(2, 77, id);
    await world.run();
    expect(await world.state(id)).toMatchObject({ enabled: true, failingSince: world.now });
  });

  test('slow answers: a run returns what it has no time for, and loses nothing of the order', async () => {
    const world = await World.make();
    const id = await world.endpoint();
    world.takes = 14_000;
    for (let number = 1; number <= 9; number++) world.event(number, 77, id);
    expect(await world.run()).toBe(9);
    expect(world.numbers()).toEqual([1, 2, 3]);
    await world.runUntil(START + DAY);
    expect(world.numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  test('an attempt is recorded with its status, the beginning of its answer and when the next is due', async () => {
    const world = await World.make();
    const id = await world.endpoint();
    world.takes = 30;
    world.answer = () => (world.sent.length > 1 ? 200 : 500);
    world.event(1, 77, id);
    await world.runUntil(START + HOUR);
    expect(await world.attempts(id)).toEqual([
      expect.objectContaining({ event: 'event-1', attempt: 2, delivered: true, status: 200, answer: 'so', ms: 30 }),
      expect.objectContaining({
        attempt: 1,
        delivered: false,
        status: 500,
        at: START,
        next: START + 30 + 5 * SECOND,
        type: 'group.silenced',
        sequence: '0000000000000001',
      }),
    ]);
  });

  test('a deleted or disabled endpoint gets nothing', async () => {
    const world = await World.make();
    const disabled = await world.endpoint({ enabled: false });
    world.event(1, 77, disabled, '9000000000000000');
    await world.runUntil(START + HOUR);
    expect(world.sent).toEqual([]);
    expect(world.queue.counts()).toMatchObject({ visible: 0, inFlight: 0 });
  });
});
