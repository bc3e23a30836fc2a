import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { PRICES } from '../../bench/prices.ts';
import { putApp } from '../../shared/data/app-repo.ts';
import { Database } from '../../shared/data/database.ts';
import {
  appLog,
  type EventPage,
  entriesOf,
  firstOf,
  groupLog,
  type Log,
  openEventsOf,
  pagesAfter,
} from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { getItem } from '../../shared/data/read.ts';
import * as schema from '../../shared/data/schema.ts';
import { put } from '../../shared/data/step.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import type { EventEntry } from '../../shared/domain/event/entry.ts';
import { oldestPage } from '../../shared/domain/event/log-reader.ts';
import { relay, repair, type ToldRecord } from '../../shared/domain/event/relay.ts';
import type { Fact } from '../../shared/events/facts.ts';
import type { AppId } from '../../shared/ids.ts';
import { newTable, putAll, tableAt } from '../support/database.ts';
import { factOf, recordOf, STAMP } from '../support/feed.ts';
import { appId, groupId, userId } from '../support/ids.ts';
import { Recorder } from '../support/table-recorder.ts';
import { dying } from '../support/watched-client.ts';

let table: OperatorTable & { endpoint: string };
beforeAll(async () => {
  table = await newTable();
});

async function newAppOf(limits = {}): Promise<AppId> {
  const record = newApp(appId(`t${randomUUID()}`), limits);
  await viewOf(table).write([putApp(record)]);
  return record.app;
}

let users = 0;

/** All events of a log, page by page; checks that numbers have no gap. */
async function allOf(log: Log, from = 0): Promise<EventEntry[]> {
  const db = viewOf(table);
  const head = await db.read(getItem<EventPage>(log.open));
  const events: EventEntry[] = [];
  for (let last = from; last < (head?.last ?? 0); ) {
    const pages = [...(await db.read(pagesAfter(log, last, 1000))), head!];
    for (const page of pages.filter((one) => one.last > last)) {
      expect(firstOf(page)).toBe(last + 1);
      events.push(...entriesOf<EventEntry>(page));
      ({ last } = page);
    }
  }
  return events;
}

/** What docs/events.md says an event costs: events in a batch, write and read units of each, dollars per million. */
const COSTS = [
  ...readFileSync('docs/events.md', 'utf8').matchAll(/^\| (\d+) \| ([\d.]+) \| ([\d.]+) \| ([\d.]+) \|/gm),
].map(([, ...cells]) => cells.map(Number) as [size: number, write: number, read: number, dollars: number]);

describe('the relay', () => {
  test('numbers events in the order of their records, in the log of the app and those of groups', async () => {
    const app = await newAppOf();
    const joined = (group: number, user: number) =>
      recordOf(
        `G#${app}#${group}#R`,
        factOf(app, 'group.member.added', { group_id: group, user_id: user, via: 'created' }),
      );
    const made = recordOf(
      `G#${app}#5`,
      factOf(app, 'group.created', { group_id: 5, owner_id: 1, type: 0, name: 'x', capacity: 9 }),
    );
    const user = recordOf(`U#${app}#1`, factOf(app, 'user.created', { user_id: 1, username: 'a' }));
    expect(await relay(new Database(table.client, table.name), app, [user, made, joined(5, 1), joined(6, 2)])).toBe(4);
    const gone = recordOf(
      `G#${app}#5#R`,
      factOf(app, 'group.member.removed', { group_id: 5, user_id: 1, reason: 'blocked' }),
      factOf(app, 'group.user.blocked', { group_id: 5, user_id: 1 }),
    );
    expect(await relay(new Database(table.client, table.name), app, [gone])).toBe(2);
    const all = await allOf(appLog(app));
    expect(all.map(({ sequence, type }) => [sequence, type])).toEqual([
      [1, 'group.created'],
      [2, 'user.created'],
      [3, 'group.member.added'],
      [4, 'group.member.added'],
      [5, 'group.member.removed'],
      [6, 'group.user.blocked'],
    ]);
    // A group comes before its members where it can.
    expect(all[0]).toMatchObject({ authtype: 'user', authid: '7', cause: 'call', at: STAMP.at });
    expect(await allOf(groupLog(app, groupId(5)))).toEqual([all[0], all[2], all[4], all[5]]);
    expect(all.map(({ data }) => ('count' in data ? data.count : undefined))).toEqual([
      undefined,
      undefined,
      1,
      1,
      0,
      undefined,
    ]);
  });

  test('a batch of several transactions keeps its order but for a new group, and tells nothing when it comes again', async () => {
    const app = await newAppOf();
    const joined = Array.from({ length: 70 }, (_, index) => {
      const data = { group_id: 5, user_id: index + 1, via: 'invited' } as const;
      return recordOf(`G#${app}#5#R`, factOf(app, 'group.member.added', data));
    });
    const data = { group_id: 5, owner_id: 1, type: 0, name: 'x', capacity: 99 } as const;
    const made = recordOf(`G#${app}#5`, factOf(app, 'group.created', data));
    const silenced = Array.from({ length: 50 }, (_, index) =>
      recordOf(`G#${app}#5`, factOf(app, 'group.silenced', { group_id: 5, until: index + 1 })),
    );
    const batch = [...joined.slice(0, 50), made, ...silenced, ...joined.slice(50)];
    const run = (records: ToldRecord[]) => relay(new Database(table.client, table.name), app, records);
    expect(await run(batch)).toBe(121);
    expect(await run(batch)).toBe(0);
    expect(await run(batch.slice(60))).toBe(0);
    const all = await allOf(appLog(app));
    const inOrder = [made, ...batch.filter((one) => one !== made)].flatMap(({ facts }) => facts);
    expect(all.map(({ type, data }) => [type, { ...data, count: undefined }])).toEqual(
      inOrder.map(({ type, data }) => [type, { ...data, count: undefined }]),
    );
    expect(await allOf(groupLog(app, groupId(5)))).toEqual(all);
    expect(all.at(-1)).toMatchObject({ data: { user_id: 70, count: 70 } });
  });

  test('leaves the count out where the group is older than its log', async () => {
    const app = await newAppOf();
    const added = factOf(app, 'group.member.added', { group_id: 5, user_id: 1, via: 'invited' });
    await relay(new Database(table.client, table.name), app, [recordOf(`G#${app}#5#R`, added)]);
    expect((await allOf(appLog(app)))[0]!.data).not.toHaveProperty('count');
  });

  test('no page lies in two partitions: each million of events has one', async () => {
    const app = await newAppOf();
    const log = appLog(app);
    const db = viewOf(table);
    const was = { last: 999_995, count: 0, events: '', at: 1, sk: '~' };
    await db.write([put(log.open, was)]);
    const records = Array.from({ length: 12 }, (_, user_id) =>
      recordOf(`U#${app}#${user_id}`, factOf(app, 'user.enabled', { user_id })),
    );
    await relay(new Database(table.client, table.name), app, records.slice(0, 3));
    await relay(new Database(table.client, table.name), app, records.slice(3));
    expect((await allOf(log, 999_995)).map(({ sequence }) => sequence)).toEqual(
      records.map((_, index) => 999_996 + index),
    );
    const [closed] = await db.read(pagesAfter(log, 999_997, 1));
    expect(closed).toMatchObject({ pk: `V#${app}#0`, last: 1_000_000, count: 5 });
    expect(await db.read(getItem<EventPage>(log.open))).toMatchObject({ last: 1_000_007, count: 7 });
    expect((await oldestPage(viewOf(table), log, await db.read(getItem<EventPage>(log.open)), 0))?.last).toBe(
      1_000_000,
    );
  });

  test('appends nothing for an app without events', async () => {
    const app = await newAppOf({ event_days: 0 });
    const created = factOf(app, 'user.created', { user_id: 1, username: 'a' });
    expect(await relay(new Database(table.client, table.name), app, [recordOf(`U#${app}#1`, created)])).toBe(0);
    expect(await allOf(appLog(app))).toEqual([]);
  });

  test('the documents say what an event costs', () => expect(COSTS).toHaveLength(3));

  test.for(COSTS)(
    '%i events of one group in a batch cost %f write units and %f read units each',
    async ([size, write, read, dollars]) => {
      const app = await newAppOf();
      const recorder = new Recorder(table.client, tableAt(table.endpoint, table.name));
      const batches = Math.ceil(100 / size);
      const sum = { write: 0, read: 0 };
      for (let batch = 0; batch < batches; batch++) {
        const records = Array.from({ length: size }, () => {
          const [user_id, cause] = [randomInt(1, 2 ** 31), randomBytes(11).toString('base64')];
          const data = { group_id: 2_045_728_707, user_id, via: 'invited', by: 757_337_581 } as const;
          const added = factOf(app, 'group.member.added', data);
          return recordOf(`G#${app}#2045728707#R`, {
            ...added,
            stamp: { ...STAMP, id: '757337581', cause, at: Date.now() },
          });
        });
        const { units } = await recorder.record(() => relay(new Database(table.client, table.name), app, records));
        sum.write += units.write;
        sum.read += units.read;
      }
      const each = (of: number) => Math.round((of / batches / size) * 100) / 100;
      // Ids that compress differently, and marks of times, make some per cent.
      expect(Math.abs(each(sum.write) / write - 1)).toBeLessThan(0.05);
      expect(each(sum.read)).toBe(read);
      expect(dollars).toBeCloseTo(write * PRICES.dynamoDbMillionWriteUnits + read * PRICES.dynamoDbMillionReadUnits, 2);
    },
  );

  /** Only records that come late can be of an erased user. */
  const LONG_AGO = 1_700_000_000_000;

  test('leaves a user out of events that come after its erasure', async () => {
    const app = await newAppOf();
    const erased = { ...{ user: 12, status: 'deleted', username: '', epoch: 1 }, createdAt: 0 };
    await putAll(table, [{ ...schema.user.key(app, userId(12)), ...erased }]);
    const added = factOf(app, 'group.member.added', { group_id: 5, user_id: 12, via: 'invited', by: 7 });
    await relay(new Database(table.client, table.name), app, [
      recordOf(`G#${app}#5#R`, { ...added, stamp: { ...STAMP, id: 12, at: LONG_AGO } }),
    ]);
    const log = await new Database(table.client, table.name).read(openEventsOf(app));
    expect(entriesOf(log!)).toMatchObject([{ authid: '0', data: { user_id: 0, by: 7 } }]);
  });

  test('repairs a log only as long as nothing else was appended', async () => {
    const app = await newAppOf();
    const db = () => new Database(table.client, table.name);
    const added = (user: number) => factOf(app, 'group.member.added', { group_id: 5, user_id: user, via: 'imported' });
    await relay(db(), app, [recordOf(`G#${app}#5#R`, added(1))]);
    const created = factOf(app, 'group.created', { group_id: 5, owner_id: 1, type: 0, name: 'x', capacity: 9 });
    const lost = [
      { partition: `G#${app}#5`, facts: [created], members: 1 },
      { partition: `G#${app}#5#R`, facts: [added(2)] },
    ];
    expect(await repair(db(), app, lost, 0)).toBeUndefined();
    expect(await repair(db(), app, lost, 1)).toBe(2);
    expect(await repair(db(), app, lost, 1)).toBeUndefined();
    await relay(db(), app, [recordOf(`G#${app}#5#R`, added(3))]);
    const all = await allOf(appLog(app));
    expect(all.map(({ data }) => ('count' in data ? data.count : undefined))).toEqual([undefined, undefined, 2, 3]);
    expect(new Set(all.map(({ id }) => id)).size).toBe(4);
  });

  test('loses, doubles and moves nothing, however batches are cut, repeated and killed', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.array(fc.record({ partition: fc.nat(3), facts: fc.integer({ min: 1, max: 2 }) }), { maxLength: 25 }),
          {
            minLength: 1,
            maxLength: 3,
          },
        ),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        async (shards, luck) => {
          const app = await newAppOf();
          const draw = () => luck.next().value as number;
          const told = shards.map((records, shard) =>
            records.map(({ partition, facts }) => {
              const id = shard * 10 + partition + 1;
              // Two partitions of one group, and those of two users.
              const [key, said] = [
                [
                  `G#${app}#${shard + 1}`,
                  () => factOf(app, 'group.updated', { group_id: shard + 1, changed: ['name'] }),
                ],
                [
                  `G#${app}#${shard + 1}#R`,
                  () => factOf(app, 'group.member.added', { group_id: shard + 1, user_id: users++, via: 'created' }),
                ],
                [`U#${app}#${id}`, () => factOf(app, 'user.enabled', { user_id: id })],
                [`A#${app}`, () => factOf(app, 'app.updated', { changed: ['name'] })],
              ][partition % (shard === 0 ? 4 : 3)] as [string, () => Fact];
              return recordOf(key, ...Array.from({ length: facts }, said));
            }),
          );
          const client = dying(table.client, draw);
          /** As an event source mapping does: in order, again from the first that failed, sometimes again for nothing. */
          const deliver = async (records: ToldRecord[]) => {
            for (let from = 0; from < records.length; ) {
              const batch = records.slice(from, from + 1 + Math.floor(draw() * 20));
              const done = await relay(new Database(client, table.name), app, batch).then(
                () => true,
                () => false,
              );
              if (done && draw() < 0.8) from += batch.length;
            }
          };
          await Promise.all(told.map(deliver));
          const entries = await allOf(appLog(app));
          const expected = told
            .flat()
            .flatMap(({ partition, facts }) => facts.map(({ data }) => ({ partition, data })));
          expect(entries).toHaveLength(expected.length);
          expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
          expect(entries.map(({ sequence }) => sequence)).toEqual(entries.map((_, index) => index + 1));
          const strip = ({ count: _, ...data }: Record<string, unknown>) => JSON.stringify(data);
          for (const [shard] of shards.entries()) {
            const group = shard + 1;
            const own = entries.filter(({ data }) => 'group_id' in data && data.group_id === group);
            expect(await allOf(groupLog(app, groupId(group)))).toEqual(own);
            for (const type of ['group.updated', 'group.member.added'])
              expect(own.filter((entry) => entry.type === type).map(({ data }) => strip(data))).toEqual(
                told[shard]!.flatMap(({ facts }) => facts.filter((one) => one.type === type)).map(({ data }) =>
                  strip(data),
                ),
              );
            const counts = own.flatMap(({ data }) => ('count' in data ? [data.count] : []));
            expect(counts).toEqual(counts.map((_, index) => index + 1));
          }
        },
      ),
      { numRuns: Number(process.env.RUNS ?? 1) },
    );
  }, 120_000);
});
