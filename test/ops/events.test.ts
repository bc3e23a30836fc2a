import { setTimeout as sleep } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { lineOf, sentenceOf } from '../../infra/ops/event-line.ts';
import { putApp } from '../../shared/data/app-repo.ts';
import { archiveCursorOf, moveArchiveCursor } from '../../shared/data/archive-repo.ts';
import { appLog } from '../../shared/data/log-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import { remove } from '../../shared/data/step.ts';
import { putUser, type User } from '../../shared/data/user-repo.ts';
import { deliveriesFrom, putDelivery, putEndpoint } from '../../shared/data/webhook-repo.ts';
import { newApp } from '../../shared/domain/app/apps.ts';
import { archivedEvents, eventHistory } from '../../shared/domain/app/event-history.ts';
import { archiveEvents } from '../../shared/domain/event/archive.ts';
import { eventOf } from '../../shared/domain/event/entry.ts';
import { readLog } from '../../shared/domain/event/log-pages.ts';
import { BUCKET_NAME } from '../../shared/environment.ts';
import { EVENTS, type EventType, type RosterEvent } from '../../shared/events/catalogue.ts';
import { type AppId, newRandom } from '../../shared/ids.ts';
import { TEST_BUCKET, TestBucket } from '../support/bucket.ts';
import { newTable } from '../support/database.ts';
import { type Told, tell } from '../support/feed.ts';
import { appId, userId } from '../support/ids.ts';
import { type ReceivedWebhook, startReceiver } from '../support/messaging.ts';
import { opsHere, stackFolder, startOps } from './command-line.ts';

let table: OperatorTable & { endpoint: string };
let bucket: TestBucket;
let folder: string;
const project = process.cwd();
beforeAll(async () => {
  table = await newTable();
  const s3 = inject('s3Endpoint');
  bucket = new TestBucket(s3, TEST_BUCKET);
  Object.assign(process.env, {
    [BUCKET_NAME]: TEST_BUCKET,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
  });
  folder = stackFolder(table.endpoint, table.name, { endpoint: s3, name: TEST_BUCKET });
  process.chdir(folder);
});
afterAll(() => process.chdir(project));

const HOUR = 3_600_000;
const NINE = Date.parse('2026-11-29T09:00:00Z');
const CAROL = { type: 'user', id: 11, cause: 'JKJaXmPLvHcESHA=' } as const;
const SYSTEM = { type: 'system', cause: 'job-1' } as const;
const ADMIN = { type: 'app', id: '99dedc0c572e', cause: 'call-2' } as const;

async function anApp(): Promise<AppId> {
  const record = newApp(appId(`t${newRandom()}`));
  await viewOf(table).write([putApp(record)]);
  return record.app;
}

const HISTORY: Told[] = [
  { type: 'user.created', data: { user_id: 11, username: 'carol' }, at: NINE, by: CAROL },
  { type: 'user.created', data: { user_id: 12, username: 'dave' }, at: NINE + 1000, by: ADMIN },
  {
    type: 'group.member.added',
    data: { group_id: 77, user_id: 12, via: 'invited', by: 11 },
    at: NINE + 2000,
    by: CAROL,
  },
  { type: 'group.member.removed', data: { group_id: 77, user_id: 12, reason: 'kicked' }, at: NINE + 3000, by: CAROL },
  { type: 'user.deleted', data: { user_id: 12, username: 'dave' }, at: NINE + HOUR, by: ADMIN },
  {
    type: 'group.member.removed',
    data: { group_id: 78, user_id: 12, reason: 'deleted' },
    at: NINE + HOUR + 1000,
    by: SYSTEM,
  },
];

async function aHistory(): Promise<AppId> {
  const app = await anApp();
  for (const told of HISTORY) await tell(table, app, [told], told.at);
  return app;
}

const archiveUntil = (time: number) => archiveEvents(viewOf(table), time, () => false);

/** Removes the closed pages, as they expire, after they have been archived. */
async function expirePages(app: AppId) {
  const log = appLog(app);
  for await (const { page } of readLog(viewOf(table), log, 0))
    if (page.sk !== log.open.sk) await viewOf(table).write([remove(log.closed(page.last))]);
}

async function lines(...args: string[]): Promise<string[]> {
  const { exitCode, stdout, stderr } = await opsHere(args);
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  return stdout.split('\n').filter(Boolean);
}

async function refused(...args: string[]): Promise<string> {
  const { exitCode, stdout } = await opsHere([...args, '--json']);
  expect(exitCode).toBe(1);
  return JSON.parse(stdout).error;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

/** Waits until it holds, for 10 s at most. */
async function until(holds: () => boolean) {
  for (let waited = 0; !holds(); waited += 50) {
    if (waited > 10_000) throw new Error('waited in vain');
    await sleep(50);
  }
}

describe('audit', () => {
  test('says in one line each who did what, when, by which call', async () => {
    const app = await aHistory();
    expect(await lines('audit', app)).toEqual([
      '2026-11-29 09:00:00  #1       user 11 registered "carol"  (JKJaXmPLvHcESHA=)',
      '2026-11-29 09:00:01  #2       admin token 99dedc0c572e registered user 12 "dave"  (call-2)',
      '2026-11-29 09:00:02  #3       user 11 added user 12 to group 77 (invited)  (JKJaXmPLvHcESHA=)',
      '2026-11-29 09:00:03  #4       user 11 kicked user 12 from group 77  (JKJaXmPLvHcESHA=)',
      '2026-11-29 10:00:00  #5       admin token 99dedc0c572e deleted user 12 "dave"  (call-2)',
      '2026-11-29 10:00:01  #6       system removed user 12 from group 78 (deleted)  (job-1)',
    ]);
    const { stderr } = await opsHere(['audit', app]);
    expect(stderr).toContain('6 events\n');
  });

  test('filters by user, group, author, type and time', async () => {
    const app = await aHistory();
    const numbers = async (...filter: string[]) =>
      (await lines('audit', app, ...filter, '--json')).map((line) => Number(JSON.parse(line).sequence));
    expect(await numbers('--user', '12', '--group', '77')).toEqual([3, 4]);
    expect(await numbers('--by', '11', '--user', '12')).toEqual([3, 4]);
    expect(await numbers('--by', '99dedc0c572e')).toEqual([2, 5]);
    expect(await numbers('--type', 'group.member.removed,user.deleted')).toEqual([4, 5, 6]);
    expect(await numbers('--type', 'group.*', '--type', 'user.deleted')).toEqual([3, 4, 5, 6]);
    expect(await numbers('--since', '2026-11-29T09:00:02Z', '--until', '2026-11-29T10:00Z')).toEqual([3, 4]);
    expect(await numbers('--user', '99')).toEqual([]);
  });

  test('reads the archive for what the feed no longer has', async () => {
    const app = await aHistory();
    const before = await lines('audit', app, '--json');
    await archiveUntil(NINE + 9 * HOUR);
    for (let nth = 0; nth < 20; nth++)
      await tell(table, app, [{ type: 'user.disabled', data: { user_id: 11 }, at: NINE + 2 * HOUR, by: ADMIN }]);
    await archiveUntil(NINE + 9 * HOUR);
    await expirePages(app);
    expect(await lines('audit', app, '--json')).toEqual([...before, ...Array(20).fill(expect.any(String))]);
  });

  test('refuses an app that does not exist, and wrong filters', async () => {
    expect(await refused('audit', 'nobody')).toContain('nobody');
    expect(await refused('audit', 'nobody', '--type', 'group.nonsense')).toContain('group.nonsense');
    expect(await refused('audit', 'nobody', '--since', 'yesterday')).toContain('7d');
  });
});

describe('the line of an event', () => {
  const event = (type: EventType, data: object, more: object = {}) =>
    ({
      ...{ type, data, subject: 'x', sequence: '0000000000000007', time: '2026-11-29T09:00:00.123Z' },
      ...{ authtype: 'user', authid: '11', cause: 'call' },
      ...more,
    }) as unknown as RosterEvent;

  test('every type of event has a sentence', () => {
    for (const [type, { example }] of Object.entries(EVENTS)) {
      const line = sentenceOf(event(type as EventType, example));
      expect(line, type).toMatch(/^(([a-z]+ed|bound|unbound|made|left) |logged in)/);
      expect(line, type).not.toMatch(/undefined|NaN|\[object/);
    }
  });

  test.each([
    ['user.created', { user_id: 11, username: '' }, {}, 'registered'],
    ['user.disabled', { user_id: 11 }, {}, 'disabled themself'],
    ['group.member.removed', { group_id: 77, user_id: 11, reason: 'left' }, {}, 'left group 77'],
    [
      'group.member.added',
      { group_id: 77, user_id: 11, via: 'qrcode', by: 12 },
      {},
      'joined group 77 (qrcode by user 12)',
    ],
    [
      'group.member.updated',
      { group_id: 77, user_id: 12, changed: ['role'], role: 1 },
      {},
      'made user 12 an admin of group 77',
    ],
    ['group.member.banned', { group_id: 77, user_id: 12, until: -1 }, {}, 'banned user 12 in group 77 for ever'],
    ['group.silenced', { group_id: 77, until: NINE }, {}, 'silenced group 77 until 2026-11-29T09:00Z'],
    ['session.revoked', { user_id: 12, reason: 'kicked' }, {}, 'ended the sessions of user 12 (kicked)'],
    ['user.created', { user_id: 11, username: 'x' }, { authtype: 'app' }, 'registered user 11 "x"'],
  ] as const)('%s: %j', (type, data, more, expected) => {
    expect(sentenceOf(event(type, data, more))).toBe(expected);
  });

  test('names who acted, and shows types of later releases', () => {
    const by = (authtype: string, authid?: string) =>
      lineOf(event('group.dissolved', { group_id: 7 }, { authtype, authid }));
    expect(by('app_as_user', '11')).toContain(' an admin token as user 11 dissolved group 7 ');
    expect(by('operator', 'jane')).toContain(' operator jane dissolved group 7 ');
    expect(by('system')).toContain(' system dissolved group 7 ');
    expect(lineOf(event('group.painted' as EventType, {}, { subject: 'group/7' }))).toContain('group.painted group/7');
  });

  test('sends no commands to the terminal', () => {
    const name = '\u001b[2J\u009b2Jplan\u202efdp.exe\n';
    const line = lineOf(event('group.created', { ...EVENTS['group.created'].example, name }));
    expect(line).toContain('"[2J2Jplanfdp.exe"');
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

/** A server that answers with these statuses, then 204, which takes an event. */
async function receiving(
  answers: number[],
  run: (url: string, taken: RosterEvent[], received: ReceivedWebhook[]) => Promise<void>,
) {
  const taken: RosterEvent[] = [];
  const { url, received, close } = await startReceiver(({ body }) => {
    const status = answers.shift() ?? 204;
    if (status === 204) taken.push(JSON.parse(body));
    return { status };
  });
  try {
    await run(url, taken, received);
  } finally {
    await close();
  }
}
const numbersOf = (events: RosterEvent[]) => events.map(({ sequence }) => Number(sequence));

describe('events listen', () => {
  test('shows what happens from now on, in order, until Ctrl-C', async () => {
    const app = await aHistory();
    const { soFar, ended, interrupt } = startOps(['events', 'listen', app, '--types', 'user.*'], { folder });
    await until(() => soFar.stderr.includes(`Listening to app ${app} after event 6`));
    await tell(table, app, HISTORY);
    await until(() => soFar.stdout.includes('#11'));
    interrupt();
    const { exitCode, stdout, stderr } = await ended;
    expect(exitCode).toBe(0);
    expect(stdout.split('\n').map((line) => line.slice(21).trim())).toEqual([
      expect.stringMatching(/^#7 +user 11 registered "carol"/),
      expect.stringMatching(/^#8 +admin token 99dedc0c572e registered user 12 "dave"/),
      expect.stringMatching(/^#11 +admin token 99dedc0c572e deleted user 12 "dave"/),
      '',
    ]);
    expect(stderr).toContain('To go on: --after 12');
    // No colours where no terminal is.
    expect(stdout).not.toContain('\u001b');
  });

  test('posts each event, signed, in order, and again after a fault', async () => {
    const app = await aHistory();
    await receiving([500, 503], async (url, taken, received) => {
      const args = ['events', 'listen', app, '--after', '0', '--forward-to', url, '--json'];
      const { soFar, ended, interrupt } = startOps(args, { folder });
      await until(() => taken.length === 6);
      interrupt();
      expect(await ended).toMatchObject({ exitCode: 0 });
      expect(numbersOf(taken)).toEqual([1, 2, 3, 4, 5, 6]);
      const secret = /WEBHOOK_SECRET=(whsec_\S+)/.exec(soFar.stderr)?.[1] ?? '';
      const webhook = new Webhook(secret);
      for (const { headers, body } of received)
        expect(webhook.verify(body, headers as Record<string, string>)).toEqual(JSON.parse(body));
      expect(received).toHaveLength(8);
      expect(received[0]!.headers['webhook-id']).toBe(taken[0]!.id);
      expect(soFar.stderr).toContain('#1 was not taken: the receiver answered 500');
      expect(
        soFar.stdout
          .split('\n')
          .filter(Boolean)
          .map((line) => JSON.parse(line)),
      ).toEqual(taken);
    });
  });

  test('ends where the receiver wants no more', async () => {
    const app = await aHistory();
    await receiving([204, 410], async (url, taken) => {
      const { ended } = startOps(['events', 'listen', app, '--after', '0', '--forward-to', url], { folder });
      expect(await ended).toMatchObject({ exitCode: 1 });
      expect(numbersOf(taken)).toEqual([1]);
    });
  });
});

describe('events replay', () => {
  test('sends a range again, with the secret that it is given', async () => {
    const app = await aHistory();
    const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
    await receiving([], async (url, taken, received) => {
      const shown = await lines(
        'events',
        'replay',
        app,
        '--from',
        '2',
        '--to',
        '4',
        '--forward-to',
        url,
        '--secret',
        secret,
      );
      expect(numbersOf(taken)).toEqual([2, 3, 4]);
      expect(shown).toHaveLength(3);
      const { headers, body } = received[0]!;
      expect(new Webhook(secret).verify(body, headers as Record<string, string>)).toEqual(
        (await all(eventHistory(table, () => bucket, app)))[1],
      );
    });
  });

  test('stops at an event that is not taken, and says where to go on', async () => {
    const app = await aHistory();
    await receiving([204, 410], async (url, taken) => {
      const { exitCode, stderr } = await opsHere(['events', 'replay', app, '--forward-to', url]);
      expect(exitCode).toBe(1);
      expect(stderr).toContain('Sent 1 events. Go on with --from 2.');
      expect(numbersOf(taken)).toEqual([1]);
    });
  });

  test('refuses an address that is none, and a secret that is none', async () => {
    expect(await refused('events', 'replay', 'x', '--forward-to', 'file:///etc/passwd')).toContain(
      'an address such as',
    );
    const to = ['--forward-to', 'http://127.0.0.1:1'];
    const { app } = newApp(appId('twice'));
    await viewOf(table).write([putApp(newApp(app))]);
    for (const where of [[], [...to, '--endpoint', '0123456789abcdef']])
      expect(await refused('events', 'replay', app, ...where)).toBe('give --forward-to or --endpoint');
    expect(await refused('events', 'replay', 'x', ...to, '--secret', 'whsec_abc')).toContain('24 to 64 bytes');
  });
});

describe('events forget', () => {
  async function aUser(app: AppId, id: number, status: User['status']) {
    const password = { salt: '', hash: '', N: 1, r: 1, p: 1 };
    const base = { user: userId(id), username: status === 'deleted' ? '' : `user_${id}`, status, password, epoch: 0 };
    await viewOf(table).write(putUser(app, { ...base, confirm: false, joined: 0, owned: 0, createdAt: NINE } as User));
  }
  const feedOf = async (app: AppId) =>
    (await all(readLog(viewOf(table), appLog(app), 0))).flatMap(({ entries }) =>
      entries.map((entry) => eventOf(app, entry)),
    );
  const forgotten = (events: RosterEvent[], user: number) =>
    events.map((event) =>
      'username' in event.data && event.data.user_id === user
        ? { ...event, data: { ...event.data, username: '' } }
        : event,
    );

  test('removes the name from feed and archive, and changes nothing else', async () => {
    const app = await aHistory();
    await aUser(app, 12, 'deleted');
    // Pages that are closed, too.
    await tell(
      table,
      app,
      Array.from({ length: 40 }, () => HISTORY[0]!),
      NINE + 2 * HOUR,
    );
    await tell(table, app, [HISTORY[1]!], NINE + 8 * HOUR);
    await archiveUntil(NINE + 2.5 * HOUR);
    const [feed, archive] = [await feedOf(app), await all(archivedEvents(bucket, app))];
    expect(JSON.stringify(feed)).toContain('dave');
    expect(JSON.stringify(archive)).toContain('dave');
    const [json] = await lines('events', 'forget', app, '12', '--json');
    const done = JSON.parse(json!);
    expect(done).toMatchObject({ app_id: app, user_id: 12, events: 6, archive: { objects: 2, rewritten: 2 } });
    expect(await feedOf(app)).toEqual(forgotten(feed, 12));
    expect(await all(archivedEvents(bucket, app))).toEqual(forgotten(archive, 12));
    expect(JSON.parse((await lines('events', 'forget', app, '12', '--json'))[0]!)).toMatchObject({
      events: 0,
      feed: { pages: done.feed.pages, rewritten: 0 },
      archive: { objects: 2, rewritten: 0 },
    });
    // What is archived later, and appended later.
    await tell(table, app, [HISTORY[0]!], NINE + 9 * HOUR);
    await archiveUntil(NINE + 12 * HOUR);
    expect(JSON.stringify(await all(archivedEvents(bucket, app)))).not.toContain('dave');
    expect(JSON.stringify(await feedOf(app))).not.toContain('dave');
  });

  test('leaves out what comes before the number to go on after', async () => {
    const app = await aHistory();
    await aUser(app, 12, 'deleted');
    const [json] = await lines('events', 'forget', app, '12', '--after', '3', '--json');
    expect(JSON.parse(json!)).toMatchObject({ events: 1 });
  });

  test('removes the name from events that webhooks could not deliver', async () => {
    const app = await aHistory();
    await aUser(app, 12, 'deleted');
    const id = '0123456789abcdef';
    const endpoint = {
      id,
      url: 'https://x.example/',
      types: [],
      group: 0,
      description: '',
      enabled: true,
      secrets: [],
    };
    const history = await feedOf(app);
    const until = Date.now() + HOUR;
    await viewOf(table).write([
      putEndpoint(app, { ...endpoint, createdAt: 1, updatedAt: 1 }),
      putDelivery(app, id, 1, { attempts: 3, failed: JSON.stringify(history[0]) }, until),
      putDelivery(app, id, 2, { attempts: 3, failed: JSON.stringify(history[1]) }, until),
      putDelivery(app, id, 5, { attempts: 1 }, until),
    ]);
    const [json] = await lines('events', 'forget', app, '12', '--json');
    expect(JSON.parse(json!)).toMatchObject({ failed_deliveries: 1 });
    const failed = (await viewOf(table).read(deliveriesFrom(app, id, 1, 10))).map(({ failed }) => failed);
    const [one, other] = forgotten(history, 12).map((event) => JSON.stringify(event));
    expect(failed).toEqual([one, other, undefined]);
  });

  test('keeps a run of the archive from writing what it read before', async () => {
    const app = await aHistory();
    await aUser(app, 12, 'deleted');
    const stale = await viewOf(table).read(archiveCursorOf(app));
    await lines('events', 'forget', app, '12');
    const plan = { last: 0, hour: 0, planned: { last: 4, hour: NINE } };
    expect(await viewOf(table).write([moveArchiveCursor(app, stale, plan)])).toBe(false);
    await archiveUntil(NINE + 9 * HOUR);
    const archived = await all(archivedEvents(bucket, app));
    expect(archived).toHaveLength(6);
    expect(JSON.stringify(archived)).not.toContain('dave');
  });

  test('waits for an object that is being written', async () => {
    const app = await aHistory();
    await aUser(app, 12, 'deleted');
    const plan = { last: 0, hour: 0, planned: { last: 4, hour: NINE } };
    await viewOf(table).write([moveArchiveCursor(app, undefined, plan)]);
    const { soFar, ended } = startOps(['events', 'forget', app, '12', '--json'], { folder });
    await sleep(3000);
    expect(soFar.stdout).toBe('');
    await archiveUntil(NINE + 9 * HOUR);
    const { exitCode, stdout } = await ended;
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ archive: { objects: 2 } });
    expect(JSON.stringify(await all(archivedEvents(bucket, app)))).not.toContain('dave');
  });

  test('loses no event that the relay appends at the same time', async () => {
    const app = await aHistory();
    await aUser(app, 12, 'deleted');
    const forgetting = lines('events', 'forget', app, '12');
    for (let nth = 0; nth < 15; nth++) await tell(table, app, [HISTORY[nth % 2]!]);
    await forgetting;
    await lines('events', 'forget', app, '12');
    const feed = await feedOf(app);
    expect(numbersOf(feed)).toEqual(Array.from({ length: 21 }, (_, index) => index + 1));
    expect(JSON.stringify(feed)).not.toContain('dave');
  });

  test('refuses a user who is not deleted, or never was', async () => {
    const app = await aHistory();
    await aUser(app, 13, 'active');
    expect(await refused('events', 'forget', app, '13')).toContain('not deleted');
    expect(await refused('events', 'forget', app, '14')).toContain('has no user 14');
  });
});
