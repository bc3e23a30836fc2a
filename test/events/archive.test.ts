import { randomUUID } from 'node:crypto';
import type { DynamoDBDocument } from '@aws-sdk/lib-dynamodb';
import * as fc from 'fast-check';
import { beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { putApp } from '../../shared/data/app-repo.ts';
import { archiveCursorOf, moveArchiveCursor } from '../../shared/data/archive-repo.ts';
import { Database } from '../../shared/data/database.ts';
import { appLog, openEventsOf, rewritten } from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { put, remove } from '../../shared/data/step.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import { archivedEvents, eventHistory } from '../../shared/domain/app/event-history.ts';
import { archiveEvents } from '../../shared/domain/event/archive.ts';
import { readLog } from '../../shared/domain/event/log-pages.ts';
import { BUCKET_NAME } from '../../shared/environment.ts';
import type { RosterEvent } from '../../shared/events/catalogue.ts';
import type { AppId } from '../../shared/ids.ts';
import { archivedObject } from '../../shared/storage/names.ts';
import { archivedLines, archivedObjects, type OperatorBucket } from '../../shared/storage/operator-object-repo.ts';
import { TEST_BUCKET, TestBucket } from '../support/bucket.ts';
import { newTable } from '../support/database.ts';
import { type Told, tell } from '../support/feed.ts';
import { appId } from '../support/ids.ts';
import { dying, watched } from '../support/watched-client.ts';

const HOUR = 3_600_000;
const TEN = Date.parse('2026-11-29T10:00:00Z');

let table: OperatorTable;
let bucket: OperatorBucket;
beforeAll(() => {
  const s3 = inject('s3Endpoint');
  Object.assign(process.env, {
    [BUCKET_NAME]: TEST_BUCKET,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  bucket = new TestBucket(s3, TEST_BUCKET);
});

const db = (client = table.client) => new Database(client, table.name);
const never = () => false;

async function anApp(): Promise<AppId> {
  const record = newApp(appId(`t${randomUUID()}`));
  await viewOf(table).write([putApp(record)]);
  return record.app;
}

let users = 0;
/** The relay appends an event at a time for each of these times of changes (ms). */
async function append(app: AppId, at: number, ...changes: number[]) {
  const told = changes.map((time): Told => {
    const user_id = ++users;
    const by = { type: 'user', id: user_id, cause: 'call' } as const;
    return { type: 'user.created', data: { user_id, username: `user_${user_id}` }, at: time, by };
  });
  await tell(table, app, told, at);
}

/** A run of the archive at this time. */
const archive = (at: number, client?: DynamoDBDocument, expired = never) => archiveEvents(db(client), at, expired);

/** The archive, object by object. */
async function objectsOf(app: AppId): Promise<{ key: string; sequences: number[] }[]> {
  const objects: { key: string; sequences: number[] }[] = [];
  for await (const { key } of archivedObjects(bucket, app)) {
    const lines = await archivedLines(bucket, key);
    objects.push({ key, sequences: lines.map((line) => Number(JSON.parse(line).sequence)) });
  }
  return objects;
}
const hourKey = (app: AppId, hour: string, first: number) =>
  `events/${app}/2026/11/29/${hour}/${String(first).padStart(16, '0')}.ndjson.gz`;

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const event of events) found.push(event);
  return found;
}
const numbers = (events: RosterEvent[]) => events.map(({ sequence }) => Number(sequence));
const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

/** Removes the closed pages of the feed, as they expire. */
async function expirePages(app: AppId, after = 0) {
  const log = appLog(app);
  for await (const { page } of readLog(viewOf(table), log, after))
    if (page.sk !== log.open.sk) await viewOf(table).write([remove(log.closed(page.last))]);
}

describe('the archive', () => {
  beforeEach(async () => {
    table = await newTable();
  });

  test('holds each hour that is over, with the events as the feed has them', async () => {
    const app = await anApp();
    await append(app, TEN, TEN, TEN + 1);
    await append(app, TEN + HOUR - 1, TEN + HOUR - 1);
    await append(app, TEN + HOUR, TEN + HOUR);
    expect(await archive(TEN + HOUR + 59_999)).toMatchObject({ apps: 1, objects: 0, done: true });
    expect(await archive(TEN + HOUR + 60_000)).toMatchObject({ apps: 1, objects: 1, events: 3, lost: 0, done: true });
    expect(await objectsOf(app)).toEqual([{ key: hourKey(app, '10', 1), sequences: [1, 2, 3] }]);
    expect(await archive(TEN + 2 * HOUR + 60_000)).toMatchObject({ objects: 1, events: 1 });
    expect(await objectsOf(app)).toEqual([
      { key: hourKey(app, '10', 1), sequences: [1, 2, 3] },
      { key: hourKey(app, '11', 4), sequences: [4] },
    ]);
    const archived = await all(archivedEvents(bucket, app));
    expect(archived).toEqual(await all(eventHistory(table, () => bucket, app)));
    expect(archived[3]).toMatchObject({ specversion: '1.0', source: `/apps/${app}`, time: '2026-11-29T11:00:00.000Z' });
  });

  test('an event that comes late lies in the hour of those before it, and one from the future in that of its append', async () => {
    const app = await anApp();
    await append(app, TEN + HOUR, TEN + HOUR, TEN + HOUR - 1, TEN + 99 * HOUR);
    expect(await archive(TEN + 3 * HOUR)).toMatchObject({ objects: 1, events: 3 });
    expect(await objectsOf(app)).toEqual([{ key: hourKey(app, '11', 1), sequences: [1, 2, 3] }]);
    await append(app, TEN + 2 * HOUR, TEN);
    await archive(TEN + 5 * HOUR);
    expect((await objectsOf(app))[1]).toEqual({ key: hourKey(app, '11', 4), sequences: [4] });
  });

  test('goes on where a run was killed after it wrote the object, with the same object', async () => {
    const app = await anApp();
    await append(app, TEN, TEN, TEN + 1);
    let writes = 0;
    const killed = dying(table.client, () => (++writes === 2 ? 0 : 1));
    expect((await archive(TEN + 2 * HOUR, killed)).fault?.message).toBe('died before the write');
    expect(await objectsOf(app)).toEqual([{ key: hourKey(app, '10', 1), sequences: [1, 2] }]);
    expect(await viewOf(table).read(archiveCursorOf(app))).toMatchObject({ last: 0, planned: { last: 2 } });
    await append(app, TEN + 10, TEN + 10);
    expect(await archive(TEN + 2 * HOUR)).toMatchObject({ objects: 1, events: 1 });
    expect(await objectsOf(app)).toEqual([
      { key: hourKey(app, '10', 1), sequences: [1, 2] },
      { key: hourKey(app, '10', 3), sequences: [3] },
    ]);
    expect(await viewOf(table).read(archiveCursorOf(app))).not.toHaveProperty('planned');
  });

  test('stops when its time is over, and goes on in the next run', async () => {
    const apps = [await anApp(), await anApp()];
    for (const app of apps) await append(app, TEN, TEN);
    expect(await archive(TEN + 2 * HOUR, undefined, () => true)).toMatchObject({ apps: 0, objects: 0, done: false });
    let looks = 0;
    expect(await archive(TEN + 2 * HOUR, undefined, () => ++looks > 2)).toMatchObject({ objects: 1, done: false });
    expect(await archive(TEN + 2 * HOUR)).toMatchObject({ objects: 1, done: true });
  });

  test('a fault of one app does not keep the others waiting', async () => {
    const [one, other] = [await anApp(), await anApp()];
    for (const app of [one, other]) await append(app, TEN, TEN);
    const client = dying(table.client, (command) => (JSON.stringify(command).includes(one) ? 0 : 1));
    expect(await archive(TEN + 2 * HOUR, client)).toMatchObject({ objects: 1, done: false, fault: expect.any(Error) });
    expect([(await objectsOf(one)).length, (await objectsOf(other)).length]).toEqual([0, 1]);
  });

  test('says how many events had expired before it came to them', async () => {
    const app = await anApp();
    await append(app, TEN, ...upTo(40).map((nth) => TEN + nth));
    await expirePages(app);
    await append(app, TEN + 50, TEN + 50);
    const run = await archive(TEN + 2 * HOUR);
    expect(run.events + run.lost).toBe(41);
    expect(run.lost).toBeGreaterThan(0);
    expect((await objectsOf(app)).at(-1)?.sequences.at(-1)).toBe(41);
    expect(await archive(TEN + 2 * HOUR)).toMatchObject({ objects: 0, lost: 0, done: true });
  });

  test('goes on in the next partition of the feed', async () => {
    const app = await anApp();
    const log = appLog(app);
    await viewOf(table).write([put(log.open, { last: 999_990, count: 0, events: '', at: TEN })]);
    await viewOf(table).write([moveArchiveCursor(app, undefined, { last: 999_990, hour: 0 })]);
    for (let nth = 0; nth < 10; nth++) await append(app, TEN + nth, ...upTo(5).map(() => TEN + nth));
    expect(await archive(TEN + 2 * HOUR)).toMatchObject({ events: 50, lost: 0, done: true });
    expect((await objectsOf(app)).flatMap(({ sequences }) => sequences)).toEqual(upTo(50).map((nth) => 999_990 + nth));
    // A whole partition has expired.
    await expirePages(app, 999_990);
    await append(app, TEN + 20, TEN + 20);
    const parts = await all(readLog(viewOf(table), log, 5));
    const numbers = parts.flatMap(({ entries }) => entries.map(({ sequence }) => sequence));
    expect(numbers.at(-1)).toBe(1_000_041);
    expect(parts.map(({ lost }) => lost)).toEqual([numbers[0]! - 6, ...parts.slice(1).map(() => 0)]);
  });

  test('writes large hours as several objects', async () => {
    const app = await anApp();
    await append(app, TEN, TEN);
    const log = appLog(app);
    // The events of a page are one text: a page of long ones stands for many pages.
    const page = await viewOf(table).read(openEventsOf(app));
    const [entry] = (await readLog(viewOf(table), log, 0).next()).value!.entries;
    const long = { ...entry, data: { user_id: 1, username: 'x'.repeat(4_000_001) } };
    await viewOf(table).write([rewritten(log, page!, [long])]);
    await append(app, TEN + 1, TEN + 1);
    expect(await archive(TEN + 2 * HOUR)).toMatchObject({ objects: 2, events: 2, done: true });
    expect((await objectsOf(app)).map(({ sequences }) => sequences)).toEqual([[1], [2]]);
  });

  test('holds every event exactly once, whatever is killed, repeated or runs at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            minutes: fc.integer({ min: 0, max: 90 }),
            late: fc.array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 12 }),
            runs: fc.integer({ min: 0, max: 3 }),
          }),
          { minLength: 1, maxLength: 8 },
        ),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (rounds, luck) => {
          table = await newTable();
          const app = await anApp();
          const draw = () => luck.next().value as number;
          let now = TEN;
          let last = 0;
          for (const { minutes, late, runs } of rounds) {
            now += minutes * 60_000;
            await append(app, now, ...late.map((minutes) => now - minutes * 60_000));
            last += late.length;
            // Some are killed, some have no more time, and their clocks differ.
            await Promise.all(
              upTo(runs).map((nth) => archive(now + nth * 20_000, dying(table.client, draw), () => draw() < 0.1)),
            );
          }
          await checkWhole(app, last);
          await archive(now + 3 * HOUR);
          await checkWhole(app, last);
          const objects = await objectsOf(app);
          expect(objects.flatMap(({ sequences }) => sequences)).toEqual(upTo(last));
          expect(await archive(now + 3 * HOUR)).toMatchObject({ objects: 0, done: true });
          await expirePages(app);
          expect(numbers(await all(eventHistory(table, () => bucket, app)))).toEqual(upTo(last));
        },
      ),
      { numRuns: 20 },
    );
  }, 60_000);
});

/** Archive and feed together have every event once. Objects have the hour of their last event, or a later one. */
async function checkWhole(app: AppId, last: number) {
  const objects = await objectsOf(app);
  const archived = objects.flatMap(({ sequences }) => sequences);
  expect(archived).toEqual(upTo(archived.length));
  for (const { key, sequences } of objects) expect(archivedObject(key)?.first).toBe(sequences[0]);
  const cursor = await viewOf(table).read(archiveCursorOf(app));
  expect(cursor?.planned?.last ?? cursor?.last ?? 0).toBeGreaterThanOrEqual(archived.length);
  const events = await all(eventHistory(table, () => bucket, app, { after: archived.length }));
  expect(numbers(events)).toEqual(upTo(last).slice(archived.length));
  for await (const { hour, key } of archivedObjects(bucket, app))
    for (const line of await archivedLines(bucket, key))
      expect(Math.floor(Date.parse(JSON.parse(line).time) / HOUR) * HOUR).toBeLessThanOrEqual(hour);
}

describe('the history of events', () => {
  let app: AppId;
  /** Events, a minute apart: the first 249 are in the archive, and most of them nowhere else. */
  beforeAll(async () => {
    table = await newTable();
    app = await anApp();
    for (const nth of upTo(300)) {
      if (nth === 250) {
        await archive(TEN + 350 * 60_000);
        await expirePages(app);
      }
      await append(app, TEN + nth * 60_000, TEN + nth * 60_000);
    }
  });
  const at = (minute: number) => TEN + minute * 60_000;

  test('reads the archive for what is older than the feed, then the feed, within its bounds', async () => {
    const history = async (range = {}) => numbers(await all(eventHistory(table, () => bucket, app, range)));
    expect(await history()).toEqual(upTo(300));
    expect(await history({ after: 100 })).toEqual(upTo(300).slice(100));
    expect(await history({ after: 299 })).toEqual([300]);
    expect(await history({ since: at(100), until: at(110) })).toEqual(upTo(109).slice(99));
    expect(await history({ since: at(290) })).toEqual(upTo(300).slice(289));
    expect(await history({ since: at(400) })).toEqual([]);
    expect(await history({ until: at(3) })).toEqual([1, 2]);
  });

  test('asks for the bucket only where the feed has not all of it', async () => {
    const none = () => {
      throw new Error('no bucket');
    };
    expect(await all(eventHistory(table, none, app, { since: at(270) }))).toHaveLength(31);
    await expect(all(eventHistory(table, none, app))).rejects.toThrow('no bucket');
    const young = await anApp();
    await append(young, TEN, TEN);
    expect(await all(eventHistory(table, none, young))).toHaveLength(1);
    expect(await all(eventHistory(table, none, await anApp()))).toEqual([]);
  });

  test('finds the first page of a time by few reads', async () => {
    const { client, name } = table;
    let requests = 0;
    const counting = watched(client, (_, send) => {
      requests++;
      return send();
    });
    await all(eventHistory({ client: counting, name }, () => bucket, app, { since: at(299) }));
    expect(requests).toBeLessThan(12);
  });
});
