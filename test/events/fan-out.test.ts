import { randomUUID } from 'node:crypto';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Context, DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { handler } from '../../functions/background/relay.ts';
import { putApp } from '../../shared/data/app-repo.ts';
import { Database } from '../../shared/data/database.ts';
import { type EventPage, openEventsOf } from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import * as schema from '../../shared/data/schema.ts';
import { type Endpoint, type HeldEvents, putEndpoint, webhooksOf } from '../../shared/data/webhook-repo.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import { catchUp, fanOut } from '../../shared/domain/event/fan-out.ts';
import { relay, type ToldRecord } from '../../shared/domain/event/relay.ts';
import { Unavailable } from '../../shared/errors.ts';
import type { AppId } from '../../shared/ids.ts';
import { factOf, recordOf, STAMP } from '../support/feed.ts';
import { appId } from '../support/ids.ts';
import { TestMessaging } from '../support/messaging.ts';
import { worldInProcess } from '../support/world.ts';

let table: OperatorTable;
let messaging: TestMessaging;
let app: AppId;
beforeEach(async () => {
  ({ table } = await worldInProcess());
  messaging = await TestMessaging.start();
  app = appId(`t${randomUUID()}`);
  await viewOf(table).write([putApp(newApp(app))]);
});
afterEach(() => messaging.close());

async function endpoint(place: number, more: Partial<Endpoint> = {}): Promise<string> {
  const id = `${place}23456789abcdef0`;
  const all = { id, url: 'https://hooks.example/', types: [], group: 0, description: '', enabled: true };
  const times = { createdAt: 1, updatedAt: 1 };
  await viewOf(table).write([putEndpoint(app, { ...all, secrets: [], ...times, ...more })]);
  return id;
}

const silenced = (group: number) =>
  recordOf(`G#${app}#${group}`, factOf(app, 'group.silenced', { group_id: group, until: -1 }));
const disabled = (user: number) => recordOf(`U#${app}#${user}`, factOf(app, 'user.disabled', { user_id: user }));

/** Appends events, and gives the records of the open page as the stream has them: one for each write. */
async function appended(...records: ToldRecord[]): Promise<DynamoDBRecord[]> {
  const key = schema.openEventPage.key(app);
  const page = async () => (await viewOf(table).read([openEventsOf(app)] as const))[0];
  const before = await page();
  await relay(new Database(), app, records);
  return [streamRecord({ ...key, ...(await page()) }, before && { ...key, ...before })];
}

let clock = 0;
const streamRecord = (item: Record<string, unknown>, before?: Record<string, unknown>): DynamoDBRecord => ({
  eventName: before ? 'MODIFY' : 'INSERT',
  dynamodb: {
    SequenceNumber: String(clock++),
    ApproximateCreationDateTime: Date.now() / 1000,
    Keys: marshall({ pk: item.pk, sk: item.sk }) as never,
    NewImage: marshall(item) as never,
    ...(before && { OldImage: marshall(before) as never }),
  },
});
const run = (Records: DynamoDBRecord[]) =>
  handler(
    { Records } as DynamoDBStreamEvent,
    {
      awsRequestId: randomUUID(),
      getRemainingTimeInMillis: () => 60_000,
    } as Context,
  );

const held = async (): Promise<Map<string, HeldEvents>> => (await viewOf(table).read(webhooksOf(app))).held;
const onBus = () => messaging.published.map(({ detail }) => Number(detail.sequence));
const inQueue = () => messaging.waiting().map(({ endpoint, event }) => [endpoint[0], Number(event.sequence)]);
const NO_FAILURES = { batchItemFailures: [] };

describe('the fan-out of events', () => {
  test('every event comes to the bus as the feed has it, and to the endpoints that want it', async () => {
    await endpoint(0);
    await endpoint(1, { types: ['user.*'] });
    await endpoint(2, { group: 78 });
    await endpoint(3, { enabled: false });
    expect(await run(await appended(silenced(77), disabled(5), silenced(78)))).toEqual(NO_FAILURES);
    expect(messaging.published).toMatchObject([
      {
        source: 'roster',
        'detail-type': 'group.silenced',
        resources: [`/apps/${app}`],
        time: `${new Date(STAMP.at).toISOString().slice(0, 19)}Z`,
        detail: { specversion: '1.0', sequence: '0000000000000001', data: { group_id: 77, until: -1 } },
      },
      { 'detail-type': 'user.disabled' },
      { 'detail-type': 'group.silenced' },
    ]);
    expect(inQueue().sort()).toEqual([
      ['0', 1],
      ['0', 2],
      ['0', 3],
      ['1', 2],
      ['2', 3],
    ]);
    expect(messaging.waiting().find(({ endpoint: to }) => to[0] === '1')?.event).toEqual(
      messaging.published[1]?.detail,
    );
  });

  test('events that a write left in the page that it closed come with those of the open page, in order', async () => {
    await endpoint(0);
    const records: DynamoDBRecord[] = [];
    for (let part = 0; part < 30; part++) records.push(...(await appended(silenced(77), silenced(77))));
    // The record of a closed page alone tells nothing: it may come before or after.
    const closed = records.filter(({ dynamodb }) => dynamodb?.NewImage?.count?.N === '0');
    expect(closed.length).toBeGreaterThan(1);
    for (const one of records) await run([one]);
    const numbers = Array.from({ length: 60 }, (_, index) => index + 1);
    expect(onBus()).toEqual(numbers);
    expect(inQueue().map(([, number]) => number)).toEqual(numbers);
  });

  test('a record that comes again is not sent twice to a queue, and a page that was only rewritten is not sent', async () => {
    await endpoint(0);
    const records = await appended(silenced(77));
    await run(records);
    await run(records);
    expect(inQueue()).toEqual([['0', 1]]);
    const page = (await viewOf(table).read([openEventsOf(app)] as const))[0] as EventPage;
    const item = { ...schema.openEventPage.key(app), ...page };
    messaging.published.length = 0;
    await run([streamRecord(item, item)]);
    expect(onBus()).toEqual([]);
  });

  test('an app without new events reads no endpoints', async () => {
    const db = new Database();
    expect(await fanOut(db, app, [])).toEqual([]);
    expect(db.usage.readUnits).toBe(0);
    await run(await appended(silenced(77)));
    expect(onBus()).toEqual([1]);
  });

  test('entries that bus or queue do not take are sent again, and the order of a group holds', async () => {
    await endpoint(0);
    let troubles = 2;
    messaging.trouble = () => (troubles-- > 0 ? [0] : undefined);
    await run(await appended(silenced(77), silenced(77), silenced(77), silenced(78)));
    expect([...(await held()).keys()]).toEqual([]);
    expect(new Set(onBus())).toEqual(new Set([1, 2, 3, 4]));
    expect(inQueue().filter(([, number]) => number !== 4)).toEqual([
      ['0', 1],
      ['0', 2],
      ['0', 3],
    ]);
  });

  test('a batch to the queue has one message of a group at most, so that a partial failure cannot reorder', async () => {
    await endpoint(0);
    const batches: string[][] = [];
    messaging.trouble = (operation, input) => {
      if (operation === 'SendMessageBatch')
        batches.push(input.Entries.map((entry: { MessageGroupId: string }) => entry.MessageGroupId));
      return undefined;
    };
    await run(await appended(...[77, 77, 78, 77, 78, 79].map(silenced)));
    expect(batches.flat()).toHaveLength(6);
    for (const batch of batches) expect(new Set(batch).size).toBe(batch.length);
  });

  test('a bus that refuses holds up neither the queue nor the numbering, and catches up in order', async () => {
    await endpoint(0);
    messaging.trouble = (operation) => (operation === 'PutEvents' ? 'refused' : undefined);
    expect(await run(await appended(silenced(77)))).toEqual(NO_FAILURES);
    expect(await run(await appended(silenced(77), disabled(5)))).toEqual(NO_FAILURES);
    expect(onBus()).toEqual([]);
    expect(inQueue().map(([, number]) => number)).toEqual(expect.arrayContaining([1, 2, 3]));
    const before = (await held()).get('bus')!;
    expect(before).toMatchObject({ first: 1 });
    // The stream hands out what is held back. While the bus refuses, it stays.
    const record = () => streamRecord({ ...schema.heldEvents.key(app, 'bus') });
    expect(await run([record()])).toEqual(NO_FAILURES);
    const after = (await held()).get('bus')!;
    expect([after.first, after.revision > before.revision]).toEqual([1, true]);
    messaging.trouble = undefined;
    expect(await run([record()])).toEqual(NO_FAILURES);
    expect(onBus()).toEqual([1, 2, 3]);
    expect(await held()).toEqual(new Map());
    // And then everything goes as before.
    await run(await appended(silenced(77)));
    expect(onBus()).toEqual([1, 2, 3, 4]);
  });

  test('what comes while the queue catches up is not forgotten, and overtakes nothing', async () => {
    await endpoint(0);
    messaging.trouble = (operation) => (operation === 'SendMessageBatch' ? 'refused' : undefined);
    await run(await appended(silenced(77)));
    let later: DynamoDBRecord[] | undefined;
    messaging.trouble = undefined;
    // While the first run sends, another appends and passes on.
    const client = new Proxy(new Database(), {
      get: (target, name) => {
        const value = Reflect.get(target, name);
        if (name !== 'write') return typeof value === 'function' ? value.bind(target) : value;
        return async (...given: Parameters<Database['write']>) => {
          if (!later) {
            later = await appended(silenced(77));
            await run(later);
          }
          return target.write(...given);
        };
      },
    });
    await catchUp(client, app, 'queue');
    expect(await held()).toHaveProperty('size', 1);
    await catchUp(new Database(), app, 'queue');
    expect(inQueue()).toEqual([
      ['0', 1],
      ['0', 2],
    ]);
    expect(await held()).toEqual(new Map());
  });

  test('more events than a run can send are held back from there on', async () => {
    await endpoint(0);
    const records: DynamoDBRecord[] = [];
    for (let part = 0; part < 13; part++) {
      const groups = Array.from({ length: 40 }, (_, index) => 1000 + part * 40 + index);
      records.push(...(await appended(...groups.map(silenced))));
    }
    await run(records);
    expect((await held()).get('queue')).toMatchObject({ first: 501 });
    expect(onBus()).toHaveLength(500);
    for (let runs = 0; (await held()).size > 0; runs++) {
      expect(runs).toBeLessThan(5);
      for (const target of (await held()).keys()) await catchUp(new Database(), app, target);
    }
    expect(onBus().toSorted((one, other) => one - other)).toEqual(Array.from({ length: 520 }, (_, index) => index + 1));
    expect(new Set(inQueue().map(([, number]) => number)).size).toBe(520);
  });

  test('where not even the table takes what is held back, the batch comes again from the first page of the app', async () => {
    await endpoint(0);
    messaging.trouble = () => 'refused';
    const records = await appended(silenced(77));
    const write = vi.spyOn(Database.prototype, 'write').mockRejectedValue(new Unavailable('the database is busy'));
    try {
      const { batchItemFailures } = await run(records);
      expect(batchItemFailures).toEqual([{ itemIdentifier: records[0]!.dynamodb!.SequenceNumber }]);
    } finally {
      write.mockRestore();
    }
    expect(await held()).toEqual(new Map());
    await run(records);
    expect([...(await held()).keys()].sort()).toEqual(['bus', 'queue']);
  });
});
