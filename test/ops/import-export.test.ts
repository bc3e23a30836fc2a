import crypto from 'node:crypto';
import { mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { exportFile } from '../../infra/ops/export-file.ts';
import { importFile } from '../../infra/ops/import-file.ts';
import { Progress } from '../../infra/ops/progress.ts';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { Call } from '../../shared/call/call.ts';
import { type App, appOf } from '../../shared/data/app-repo.ts';
import { countersOf, totalOf } from '../../shared/data/counter-repo.ts';
import { groupOf } from '../../shared/data/group-repo.ts';
import { type OperatorTable, viewOf } from '../../shared/data/operator-queries.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import { userOf } from '../../shared/data/user-repo.ts';
import { createApp, issueAdminToken } from '../../shared/domain/app/apps.ts';
import type { Line } from '../../shared/domain/app/lines/kinds.ts';
import { createGroup } from '../../shared/domain/group/creation.ts';
import { block, blockedUsers, unblock } from '../../shared/domain/roster/block.ts';
import { friendDetails, friendList } from '../../shared/domain/roster/friends.ts';
import { accept, decline, describeFriend, unfriend } from '../../shared/domain/roster/friendship.ts';
import { apply, requestList } from '../../shared/domain/roster/request.ts';
import { asUsername, likelyId } from '../../shared/domain/user/likely-id.ts';
import { loginById } from '../../shared/domain/user/login.ts';
import { setPassword } from '../../shared/domain/user/password-change.ts';
import { hashPassword } from '../../shared/domain/user/password-hash.ts';
import { register } from '../../shared/domain/user/registration.ts';
import { newTable } from '../support/database.ts';
import { Conflicts } from '../support/guards.ts';
import { groupId, userId } from '../support/ids.ts';
import { itemsOf, problems } from '../support/invariants.ts';
import { replace } from '../support/replace.ts';
import { watched } from '../support/watched-client.ts';
import { opsHere, stackFolder } from './command-line.ts';

/** Ids that are drawn next. */
const ids: number[] = [];
replace(
  crypto,
  'randomInt',
  (real) => ((...bounds: [number, number]) => ids.shift() ?? real(...bounds)) as typeof real,
);

let table: Awaited<ReturnType<typeof newTable>>;
let conflicts: Conflicts;
const project = process.cwd();
const files = mkdtempSync(join(tmpdir(), 'roster-moving-'));
let named = 0;
const newFile = () => join(files, `${++named}.ndjson`);

beforeAll(async () => {
  table = await newTable();
  conflicts = new Conflicts(table.client);
  process.chdir(stackFolder(table.endpoint, table.name));
});
afterAll(() => process.chdir(project));

const db = () => viewOf(table);
const newApp = (limits: App['limits'] = {}) => createApp(db(), { limits });

function fileOf(lines: (Line | string | object)[]): string {
  const file = newFile();
  writeFileSync(file, lines.map((line) => `${typeof line === 'string' ? line : JSON.stringify(line)}\n`).join(''));
  return file;
}

/** Runs the command with --json. @returns its output */
async function moved(...args: string[]) {
  const { exitCode, stdout } = await opsHere([...args, '--json']);
  return { exitCode, ...JSON.parse(stdout) };
}

const linesIn = (file: string) => readFileSync(file, 'utf8').trimEnd().split('\n');
const quiet = { write: () => true };

async function exported(app: App, from: OperatorTable = table): Promise<string[]> {
  const file = newFile();
  await exportFile(from, app, file, quiet);
  return linesIn(file);
}

/** The first id that does not fit into 32 bits, and the largest of all. */
const BEYOND = 2 ** 31;
const LARGEST = Number.MAX_SAFE_INTEGER;
const T = 1_700_000_000_000;
const user = (user_id: number, more: object = {}) => ({
  kind: 'user',
  user_id,
  username: `u${user_id}`,
  created_at: T + (user_id % 1_000_000),
  ...more,
});
const group = (group_id: number, owner_id: number, more: object = {}) => ({
  kind: 'group',
  group_id,
  owner_id,
  name: `Group ${group_id}`,
  capacity: 2000,
  created_at: T + (group_id % 1000),
  updated_at: T + 5000,
  ...more,
});
const member = (group_id: number, user_id: number, more: object = {}) => ({
  kind: 'member',
  group_id,
  user_id,
  join_time: T + 10_000,
  ...more,
});

const friend = (user_id: number, friend_id: number, more: object = {}) => ({
  kind: 'friend',
  user_id,
  friend_id,
  created_at: T + 90,
  ...more,
});
const userBlock = (user_id: number, blocked_id: number) => ({
  kind: 'user_block',
  user_id,
  blocked_id,
  created_at: T + 95,
});
const friendRequest = (user_id: number, sender_id: number, more: object = {}) => ({
  kind: 'friend_request',
  user_id,
  sender_id,
  expired_time: Date.now() + 86_400_000,
  created_at: Date.now() - 1000,
  ...more,
});

/** Everything that a file can hold. */
async function everything() {
  return [
    user(LARGEST, {
      mobile: '+4912345678',
      status: 'disabled',
      group_confirm: true,
      password_hash: await hashPassword('correct horse'),
      nick_name: 'Ana',
      avatar: 'https://example.com/a.png',
      description: 'It is me',
      email: 'ana@example.com',
      private_info: '{"a":1}',
      public_info: 'ünï',
      settings: { no_push: true, no_push_start_hour: 22, alias: 'ana', badge: 3 },
      tags: ['one', 'two'],
    }),
    user(7),
    user(8),
    user(9),
    friend(7, 8, {
      alias: 'Acht',
      ext: '{"a":"b"}',
      mute_notification: true,
      friend_alias: 'Sieben',
      friend_ext: 'x'.repeat(5000),
      friend_mute_notification: true,
    }),
    friend(7, LARGEST, { friend_alias: 'Seven' }),
    // Blocks a friend, and a stranger.
    userBlock(7, LARGEST),
    userBlock(9, 7),
    friendRequest(8, 9, { reason: 'It is me', alias: 'Eight' }),
    friendRequest(9, LARGEST),
    group(LARGEST - 1, 7, {
      avatar: 'https://example.com/g.png',
      description: 'About',
      ext: '{"x":2}',
      type: 1,
      capacity: 50,
      apply_approval: 2,
      member_invite: false,
      member_modify: true,
      history_visible: true,
      read_ack: true,
      hide_member_info: true,
      ban_expire_time: -1,
    }),
    member(LARGEST - 1, 7, { role: 'owner', display_name: 'Boss', join_time: T + 1, msg_push_mode: 4 }),
    member(LARGEST - 1, LARGEST, { role: 'admin', join_time: T + 20, admin_since: T + 30, msg_mute_mode: 2 }),
    member(LARGEST - 1, 8, { join_time: T + 40, display_name: 'Eight' }),
    { kind: 'block', group_id: LARGEST - 1, user_id: 9, created_at: T + 50 },
    { kind: 'ban', group_id: LARGEST - 1, user_id: 8, expired_time: -1, created_at: T + 60 },
    { kind: 'announcement', group_id: LARGEST - 1, id: 3, title: 'A', content: 'B', author: 7, created_at: T + 70 },
    {
      kind: 'announcement',
      group_id: LARGEST - 1,
      id: 5,
      title: 'C',
      content: 'D'.repeat(10_000),
      author: 7,
      created_at: T + 80,
    },
  ];
}

describe('a file with every kind of line', () => {
  it('an export equals the import before it, and a second import changes nothing', async () => {
    const app = await newApp();
    const lines = await everything();
    const file = fileOf(lines);
    const first = await moved('import', app.app, file);
    expect(first).toMatchObject({ exitCode: 0, lines: 18, written: 18, there_already: 0, refused: 0 });
    expect(await problems(table, app.app)).toEqual([]);

    const out = newFile();
    expect(await moved('export', app.app, out)).toMatchObject({ exitCode: 0, lines: 18 });
    const sorted = (all: object[]) => all.map((line) => JSON.stringify(line, Object.keys(line).sort())).sort();
    expect(sorted(linesIn(out).map((line) => JSON.parse(line)))).toEqual(sorted(lines));
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(await moved('export', app.app, out)).toMatchObject({ exitCode: 1, error: expect.stringContaining(out) });

    const before = await itemsOf(table, app.app);
    expect(await moved('import', app.app, file)).toMatchObject({ written: 0, there_already: 18, refused: 0 });
    expect(await moved('import', app.app, out)).toMatchObject({ written: 0, there_already: 18, refused: 0 });
    expect(await itemsOf(table, app.app)).toEqual(before);

    const other = await newApp();
    await moved('import', other.app, out);
    expect(await exported(other)).toEqual(linesIn(out));
    expect(await problems(table, other.app)).toEqual([]);
  });

  it('the lines of an import may stand in any order', async () => {
    const [one, other] = [await newApp(), await newApp()];
    const lines = await everything();
    await moved('import', one.app, fileOf(lines));
    expect(await moved('import', other.app, fileOf(lines.toReversed()))).toMatchObject({ refused: 0, written: 18 });
    expect(await exported(other)).toEqual(await exported(one));
  });
});

describe('friends', () => {
  it('an export of friends, blocks and requests in all states fills another app', async () => {
    const app = await newApp();
    const people = [1, 2, 3, 4, 5, 6, 7];
    const asking = { settings: { auth_mode: 1 } };
    await moved('import', app.app, fileOf([...people.map((id) => user(id, id === 2 ? asking : {})), user(8)]));
    const as = (id: number) => callOf(app, id);
    const ask = async (from: number, to: number, more: object = {}) =>
      apply(await as(from), { user_id: userId(to), alias: '', reason: '', auth_answer: '', ...more });

    await ask(1, 3, { alias: 'Three' });
    await describeFriend(await as(3), userId(1), { alias: 'One', ext: '{"a":1}', mute_notification: true });
    await describeFriend(await as(1), userId(3), { ext: 'e'.repeat(4000) });
    // Requests: open, rejected, accepted, expired, and open after a rejection.
    await ask(1, 2, { alias: 'Two', reason: 'It is me' });
    await ask(4, 2);
    await decline(await as(2), userId(4));
    await ask(5, 2, { alias: 'Second' });
    await accept(await as(2), userId(5));
    await ask(7, 2);
    await db().write([
      update(schema.contact.key(app.app, userId(2), userId(7)), { set: { requestExpiresAt: Date.now() - 1 } }),
    ]);
    await ask(3, 2);
    await decline(await as(2), userId(3));
    await ask(3, 2, { reason: 'Again' });
    // A former friend, a friend who is blocked, blocked strangers, and two who block each other.
    await ask(4, 1);
    await unfriend(await as(1), userId(4));
    await ask(6, 5);
    await block(await as(5), userId(6));
    await block(await as(6), userId(1));
    await block(await as(6), userId(7));
    await block(await as(7), userId(6));
    // A user who is deleted, and whose job has not run yet.
    await ask(8, 1);
    await block(await as(7), userId(8));
    await ask(8, 2);
    expect(await problems(table, app.app)).toEqual([]);
    await db().write([update(schema.user.key(app.app, userId(8)), { set: { status: 'deleted' } })]);

    const out = await exported(app);
    const kinds = out.map((line) => JSON.parse(line).kind);
    const found = ['friend', 'user_block', 'friend_request'].map((kind) => kinds.filter((one) => one === kind).length);
    expect(found).toEqual([3, 4, 2]);

    const other = await newApp();
    const dry = await moved('import', other.app, fileOf(out), '--dry-run');
    expect(dry).toMatchObject({ refused: 0, written: out.length });
    expect(await moved('import', other.app, fileOf(out))).toEqual({ ...dry, dry_run: false });
    expect(await exported(other)).toEqual(out);
    expect(await problems(table, other.app)).toEqual([]);
    /** What an import must carry: nothing of the deleted user. */
    const seen = async (of: App, id: number) => {
      const call = () => callOf(of, id);
      const requests = await requestList(await call(), { limit: 100 });
      return {
        friends: (await friendList(await call(), { limit: 100 })).data.filter((friend) => friend !== 8),
        blocked: await blockedUsers(await call()),
        open: requests.data.filter(
          ({ user_id, status, expired_time }) => user_id !== 8 && status === 0 && expired_time > Date.now(),
        ),
        details: await friendDetails(await call(), people.map(userId)),
      };
    };
    await unblock(await as(7), userId(8));
    for (const id of people) {
      const { details, ...rest } = await seen(app, id);
      // To an imported user a former friend is a stranger.
      const expected = details.map((one) => (one.relation === 1 ? { ...one, relation: 2 } : one));
      expect(await seen(other, id)).toEqual({ details: expected, ...rest });
    }

    const before = await itemsOf(table, other.app);
    expect(await moved('import', other.app, fileOf(out))).toMatchObject({ written: 0, there_already: out.length });
    const turned = out.map((line) => {
      const { kind, user_id, friend_id, created_at } = JSON.parse(line);
      return kind === 'friend' ? { kind, user_id: friend_id, friend_id: user_id, created_at } : line;
    });
    expect(await moved('import', other.app, fileOf(turned))).toMatchObject({ written: 0, there_already: out.length });
    expect(await itemsOf(table, other.app)).toEqual(before);
    await accept(await callOf(other, 2), userId(1));
    expect(await problems(table, other.app)).toEqual([]);
  });

  it('an import of a friendship accepts an open request, and one of a block makes requests void', async () => {
    const app = await newApp();
    const given = [user(1), user(2), user(3), friendRequest(1, 2), friendRequest(2, 3), friendRequest(3, 1)];
    expect(await moved('import', app.app, fileOf(given))).toMatchObject({ written: 6 });
    const more = [friend(1, 2), userBlock(3, 2), userBlock(3, 1)];
    expect(await moved('import', app.app, fileOf(more))).toMatchObject({ written: 3 });
    expect(await problems(table, app.app)).toEqual([]);
    expect((await exported(app)).filter((line) => line.includes('friend_request'))).toEqual([]);
  });
});

describe('a dry run', () => {
  it('a dry run reports what the import then reports, and writes nothing', async () => {
    const app = await newApp({ groups_owned: 1, friends: 1 });
    const file = fileOf([
      user(1),
      user(1),
      user(2, { username: 'U1' }),
      user(3, { mobile: '12345678' }),
      user(4, { mobile: '12345678' }),
      friend(1, 3),
      friend(3, 1),
      friend(1, 5),
      userBlock(3, 5),
      friendRequest(5, 3),
      group(10, 1, { capacity: 2 }),
      group(11, 1),
      member(10, 1),
      member(10, 3),
      member(10, 3),
      member(10, 3, { role: 'admin' }),
      member(10, 4),
      { kind: 'block', group_id: 10, user_id: 3 },
      // One name: U+9F8D, and the radical that NFKC makes of it.
      user(5, { username: '\u9f8d' }),
      user(6, { username: '\u2fd3' }),
    ]);
    const before = await itemsOf(table, app.app);
    const dry = await moved('import', app.app, file, '--dry-run');
    expect(await itemsOf(table, app.app)).toEqual(before);
    const real = await moved('import', app.app, file);
    expect({ ...dry, dry_run: false }).toEqual(real);
    expect(real).toMatchObject({
      exitCode: 1,
      written: 8,
      there_already: 3,
      refused: 9,
      refusals: [
        { line: 3, field: 'username', reason: 'username: is that of user 1 in line 1' },
        { line: 5, field: 'mobile', reason: 'mobile: is that of user 3 in line 4' },
        { line: 20, field: 'username', reason: 'username: is that of user 5 in line 19' },
        { line: 8, field: 'user_id', reason: 'user_id: a user has at most 1 friends' },
        { line: 10, field: 'sender_id', reason: expect.stringContaining('has blocked') },
        { line: 12, field: 'owner_id' },
        { line: 16, field: 'role', reason: expect.stringContaining('there already') },
        { line: 17, field: 'user_id', reason: 'user_id: there is no user 4' },
        { line: 18, field: 'user_id', reason: expect.stringContaining('is a member') },
      ],
    });
    expect(await problems(table, app.app)).toEqual([]);
  });
});

describe('lines that an import refuses', () => {
  const now = Date.now();
  const cases: [why: string, line: string | object, field: string | null, sentence: string][] = [
    ['no JSON', '{"kind":', 'line', 'is not a JSON object'],
    ['a list', '[1]', 'line', 'is not a JSON object'],
    ['an unknown kind', { kind: 'robot' }, 'kind', 'must be one of user, friend'],
    ['a name that is taken', user(21, { username: 'U1' }), 'username', 'is taken by user 1'],
    ['no id', { kind: 'user', username: 'abc' }, 'user_id', 'is required'],
    [
      'an id that JSON numbers cannot hold',
      '{"kind":"user","user_id":9007199254740993,"username":"x_1"}',
      'user_id',
      '',
    ],
    ['a username of digits', user(20, { username: '123' }), 'username', 'must not be all digits'],
    ['a reserved username', user(20, { username: 'MaximX' }), 'username', 'must not begin with'],
    ['a short password', user(20, { password: 'short' }), 'password', 'at least 8'],
    ['an unknown field', user(20, { nickname: 'x' }), 'nickname', 'is no field'],
    ['an unknown setting', user(20, { settings: { loud: true } }), 'settings.loud', 'is no field'],
    ['a wrong setting', user(20, { settings: { no_push_end_hour: 24 } }), 'settings.no_push_end_hour', 'at most 23'],
    ['a time in seconds', user(20, { created_at: 1_700_000_000 }), 'created_at', 'milliseconds'],
    ['a time to come', user(20, { created_at: now + 86_400_000 }), 'created_at', 'future'],
    ['a mobile that is none', user(20, { mobile: '12' }), 'mobile', '5 to 15 digits'],
    ['a costly hash', user(20, { password_hash: { salt: 'a', hash: 'b', N: 2 ** 30, r: 8, p: 5 } }), null, ''],
    ['an avatar that would run', user(20, { avatar: 'javascript:alert(1)' }), 'avatar', 'no scheme but http or https'],
    ['too many tags', user(20, { tags: ['a', 'b', 'c'] }), 'tags', 'at most 2'],
    ['a nameless group', group(30, 1, { name: ' ' }), 'name', 'may not be blank'],
    ['a group of nobody', group(30, 99), 'owner_id', 'there is no user 99'],
    ['too large a group', group(30, 1, { capacity: 100_001 }), 'capacity', 'at most 100000'],
    ['a member of no group', member(99, 1), 'group_id', 'there is no group 99'],
    ['a member who is nobody', member(10, 99), 'user_id', 'there is no user 99'],
    ['one member too many', member(12, 2), 'group_id', 'full'],
    ['one admin too many', member(10, 4, { role: 'admin' }), 'role', 'at most 1 admins'],
    ['a second owner', member(10, 4, { role: 'owner' }), 'role', 'is user 1'],
    ['a member who is blocked', member(10, 3), 'user_id', 'blacklist'],
    ['a blocked member', { kind: 'block', group_id: 10, user_id: 2 }, 'user_id', 'is a member'],
    ['a banned owner', { kind: 'ban', group_id: 10, user_id: 1, expired_time: -1 }, 'user_id', 'owns the group'],
    ['a ban that is over', { kind: 'ban', group_id: 10, user_id: 2, expired_time: T }, 'expired_time', 'has passed'],
    [
      'one announcement too many',
      { kind: 'announcement', group_id: 10, id: 2, title: 'b', content: 'b', author: 1 },
      'id',
      'at most 1',
    ],
    ['a friend who is nobody', friend(4, 99), 'friend_id', 'there is no user 99'],
    ['a friend of oneself', friend(4, 4), 'friend_id', 'is the user of user_id too'],
    ['one friend too many', friend(1, 4), 'user_id', 'at most 1 friends'],
    ['one friend of a friend too many', friend(4, 1), 'friend_id', 'at most 1 friends'],
    ['another alias of a friend', friend(2, 1, { alias: 'x' }), 'alias', 'there already'],
    ['another beginning of a friendship', friend(1, 2, { created_at: T + 1 }), 'created_at', 'there already'],
    ['a long alias', friend(3, 4, { alias: 'x'.repeat(2000) }), 'alias', 'at most'],
    ['one blocked user too many', userBlock(1, 4), 'user_id', 'at most 1 users'],
    ['a block by nobody', userBlock(99, 1), 'user_id', 'there is no user 99'],
    ['a request of a friend', friendRequest(1, 2), 'sender_id', 'is a friend'],
    ['a request of a blocked user', friendRequest(1, 3), 'sender_id', 'has blocked'],
    ['a request that crosses another', friendRequest(3, 4), 'sender_id', 'has an open request'],
    ['one request too many', friendRequest(4, 2), 'user_id', 'at most 1 open'],
    [
      'another reason of a request',
      friendRequest(4, 3, { reason: 'x', created_at: undefined, expired_time: undefined }),
      'reason',
      'there already',
    ],
    ['a request that is over', friendRequest(2, 3, { expired_time: T }), 'expired_time', 'has passed'],
    ['a request for years', friendRequest(2, 3, { expired_time: T * 2 }), 'expired_time', 'at most 30 days'],
    ['another name for a group that is there', group(10, 1, { name: 'Other' }), 'name', 'there already'],
    ['another mobile for a user who is there', user(2, { mobile: '99999999' }), 'mobile', 'there already'],
  ];

  it('an import reports each refused line with its field and reason, in the answer and in the report', async () => {
    const app = await newApp({
      tags: 2,
      group_admins: 1,
      announcements: 1,
      friends: 1,
      blocked: 1,
      friend_requests: 1,
    });
    const base = [
      user(1),
      user(2),
      user(3),
      user(4),
      friend(1, 2),
      userBlock(1, 3),
      friendRequest(4, 3, { created_at: now - 1000, expired_time: now + 86_400_000 }),
      group(10, 1),
      group(12, 1, { capacity: 1 }),
      member(10, 2, { role: 'admin' }),
      { kind: 'block', group_id: 10, user_id: 3 },
      { kind: 'announcement', group_id: 10, id: 1, title: 'a', content: 'a', author: 1 },
    ];
    expect(await moved('import', app.app, fileOf(base))).toMatchObject({ written: base.length });
    const before = await itemsOf(table, app.app);
    const report = newFile();
    const answer = await moved('import', app.app, fileOf(cases.map(([, line]) => line)), '--report', report);
    expect(answer).toMatchObject({ exitCode: 1, refused: cases.length, written: 0 });
    const reported = linesIn(report)
      .map((line) => JSON.parse(line))
      .sort((one, other) => one.line - other.line);
    expect(reported.map(({ line }) => line)).toEqual(cases.map((_, index) => index + 1));
    for (const [index, [why, , field, sentence]] of cases.entries()) {
      if (field !== null) expect({ why, field: reported[index].field }).toEqual({ why, field });
      expect({ why, reason: reported[index].reason }).toEqual({ why, reason: expect.stringContaining(sentence) });
    }
    expect(answer.refusals).toHaveLength(20);
    expect(await itemsOf(table, app.app)).toEqual(before);
  });

  it('an import reports refused lines to people as a table and sentences', async () => {
    const app = await newApp();
    const { exitCode, stdout } = await opsHere(['import', app.app, fileOf([user(1), 'x'])]);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^KIND +LINES +WRITTEN +THERE ALREADY +REFUSED\nuser +1 +1 +0 +0\nunknown +1 +0 +0 +1\n/);
    expect(stdout).toContain('line 2: line: is not a JSON object');
  });

  it('an import names a file or an app that does not exist', async () => {
    const app = await newApp();
    expect(await moved('import', app.app, '/nowhere/file')).toMatchObject({
      exitCode: 1,
      error: expect.stringContaining('ENOENT'),
    });
    expect(await moved('import', 'nobody', fileOf([]))).toMatchObject({ error: 'there is no app "nobody"' });
    expect(await moved('import', app.app, fileOf([]))).toMatchObject({ exitCode: 0, lines: 0 });
  });
});

/** A call by an admin token for a user, or without a token. */
async function callOf(app: App, person?: number): Promise<Call> {
  forgetCachedApps();
  const token = person === undefined ? undefined : await issueAdminToken(db(), app.app);
  const credentials = {
    app: app.app,
    token,
    user: person === undefined ? undefined : String(person),
    group: undefined,
  };
  return new Call({ access: person === undefined ? 'public' : 'person' }, credentials, { db: db() });
}

describe('passwords', () => {
  it('an import hashes passwords, an export has no plain ones, and a user without one cannot log in (noPermission)', async () => {
    const app = await newApp();
    await moved('import', app.app, fileOf([user(BEYOND, { password: 'plain and simple' }), user(BEYOND + 1)]));
    const out = (await exported(app)).join('');
    expect(out).not.toContain('plain and simple');
    expect(JSON.stringify(await itemsOf(table, app.app))).not.toContain('plain and simple');

    const logIn = async (id: number, password: string) => loginById(await callOf(app), userId(id), password);
    expect(await logIn(BEYOND, 'plain and simple')).toMatchObject({ user_id: BEYOND });
    for (const guess of ['', 'undefined', 'plain and simple'])
      await expect(logIn(BEYOND + 1, guess)).rejects.toMatchObject({ name: 'noPermission' });
    await setPassword(await callOf(app, BEYOND + 1), 'a new password');
    expect(await logIn(BEYOND + 1, 'a new password')).toMatchObject({ user_id: BEYOND + 1 });

    const other = await newApp();
    await moved('import', other.app, fileOf(await exported(app)));
    expect(await loginById(await callOf(other), userId(BEYOND), 'plain and simple')).toMatchObject({ user_id: BEYOND });
  });
});

describe('ids after an import', () => {
  it('an id that was imported is never drawn again', async () => {
    const app = await newApp();
    // The newcomer's likely id, and the one that is drawn after it.
    const likely = likelyId((await db().read(appOf(app.app)))!, asUsername('newcomer'));
    await moved('import', app.app, fileOf([user(likely), user(70), group(80, 70)]));
    ids.push(70, 71);
    expect(await register(await callOf(app), 'newcomer', 'long enough')).toMatchObject({ user_id: 71 });
    ids.push(80, 81);
    const given = { name: 'New', avatar: '', description: '', type: 0 as const, user_list: [] };
    expect(await createGroup(await callOf(app, 70), given)).toMatchObject({ group_id: 81 });
    expect(await db().read(userOf(app.app, userId(70)))).toMatchObject({ username: 'u70', owned: 2 });
    expect(await db().read(groupOf(app.app, groupId(80)))).toMatchObject({ owner: 70, count: 1 });
    expect(await problems(table, app.app)).toEqual([]);
  });
});

/**
 * IMPORT_USERS=20000 runs the whole size: about 40 users a group, each group with members, admins, blocks and bans.
 * Neighbouring groups have most of their people in common, and more members than go into one chunk.
 */
const USERS = Number(process.env.IMPORT_USERS ?? 80);
const GROUPS = Math.ceil(USERS / 40);
const EACH = 34;

function* village(): Generator<object> {
  const id = (n: number) => BEYOND + (n % USERS);
  for (let n = 0; n < USERS; n++)
    yield user(id(n), { created_at: T + n, ...(n % 3 === 0 && { nick_name: `Nick ${n}`, mobile: `+49${1e6 + n}` }) });
  // One user has more friends than go into one chunk, and others are friends of their neighbours.
  for (let n = 1; n < 40; n++) yield friend(id(0), id(n), n % 2 === 0 ? { alias: `Friend ${n}` } : {});
  for (let n = 40; n < USERS; n++) yield friend(id(n - 1), id(n), { friend_ext: `${n}` });
  for (let n = 41; n < 80; n++) yield userBlock(id(40), id(n));
  for (let n = 41; n < 80; n++) yield friendRequest(id(n), id(1));
  for (let n = 41; n < 80; n++) yield friendRequest(id(0), id(n));
  for (let g = 0; g < GROUPS; g++) {
    const group_id = LARGEST - g;
    yield group(group_id, id(g), { type: g % 3, created_at: T });
    for (let m = 0; m < EACH; m++)
      yield member(group_id, id(g + m), m % 10 === 5 ? { role: 'admin', admin_since: T + m } : { join_time: T + m });
    yield { kind: 'block', group_id, user_id: id(g + EACH), created_at: T };
    yield { kind: 'ban', group_id, user_id: id(g + 1), expired_time: T * 2, created_at: T };
    yield { kind: 'announcement', group_id, id: 1, title: 'Welcome', content: 'To us', author: id(g), created_at: T };
  }
}

describe(`${USERS} users and ${GROUPS} groups`, () => {
  it('an import that was cut off continues when repeated, and its export fills another app', async () => {
    const app = await newApp({ users: USERS, groups: GROUPS });
    const lines = [...village()];
    const file = fileOf(lines);
    let writes = 0;
    const cutAt = Math.ceil(lines.length / 60);
    const cut = {
      name: table.name,
      client: watched(table.client, async (command, send) => {
        // The answers to the last writes are lost, and later requests do not arrive.
        if (command instanceof TransactWriteCommand && ++writes > cutAt + 4) throw new Error('cut off');
        const answer = await send();
        if (writes > cutAt) throw new Error('cut off');
        return answer;
      }),
    };
    await expect(importFile(cut, app, file, { screen: quiet })).rejects.toThrow(/cut off.*run the same command again/);
    expect(await problems(table, app.app)).toEqual([]);

    // The first request is throttled for 45 s: a call would have ended after 3.5 s.
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    let first: string | undefined;
    let throttled = 0;
    const slow = {
      name: table.name,
      client: watched(table.client, async ({ input }, send) => {
        first ??= JSON.stringify(input);
        if (throttled === 3 || JSON.stringify(input) !== first) return send();
        throttled++;
        vi.setSystemTime(Date.now() + 15_000);
        throw Object.assign(new Error('throttled'), { name: 'ThrottlingException' });
      }),
    };
    const again = await importFile(slow, app, file, { screen: quiet });
    vi.useRealTimers();
    expect(throttled).toBe(3);
    const sum = (of: 'written' | 'there') => [...again.counts.values()].reduce((all, counts) => all + counts[of], 0);
    expect(again.refused).toEqual([]);
    expect(sum('there')).toBeGreaterThan(GROUPS / 2);
    expect(sum('written')).toBeGreaterThan(GROUPS / 2);
    expect(sum('there') + sum('written')).toBe(lines.length);
    expect(await problems(table, app.app)).toEqual([]);
    const counters = await db().read(countersOf(app.app));
    expect([totalOf(counters, 'users'), totalOf(counters, 'groups')]).toEqual([USERS, GROUPS]);

    const out = await exported(app);
    const sorted = (all: object[]) => all.map((line) => JSON.stringify(line, Object.keys(line).sort())).sort();
    const plain = lines.map((line) => {
      const { type, role, ...rest } = line as Record<string, unknown>;
      const owner = rest.kind === 'member' && Number(rest.user_id) - BEYOND === LARGEST - Number(rest.group_id);
      return { ...rest, ...(type ? { type } : {}), ...(owner ? { role: 'owner' } : role ? { role } : {}) };
    });
    expect(sorted(out.map((line) => JSON.parse(line)))).toEqual(sorted(plain));

    const other = await newApp({ users: USERS, groups: GROUPS });
    conflicts.on = true;
    const whole = await importFile(table, other, fileOf(out), { screen: quiet });
    conflicts.on = false;
    expect(whole.refused).toEqual([]);
    // Transactions of one import never share an item, since on AWS they would cancel each other.
    expect(conflicts.seen).toBe(0);
    expect(await exported(other)).toEqual(out);
    expect(await problems(table, other.app)).toEqual([]);
    expect(await db().read(appOf(other.app))).toMatchObject({ status: 'active' });
  });
});

describe('progress', () => {
  it('progress is a bar on a terminal, and a line every five seconds elsewhere', () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (const isTTY of [true, false]) {
        const written: string[] = [];
        const progress = new Progress(200, { isTTY, columns: 60, write: (text) => written.push(text) });
        for (let second = 1; second <= 11; second++) {
          vi.setSystemTime(Date.now() + 1000);
          progress.show(second * 10, 'lines');
        }
        progress.end();
        if (isTTY) {
          expect(written).toHaveLength(12);
          expect(written[4]).toBe('\r[#####...............] 50 of 200 lines, 10 per second\x1b[K');
        } else expect(written).toEqual(['50 of 200 lines, 10 per second\n', '100 of 200 lines, 10 per second\n']);
      }
    } finally {
      vi.useRealTimers();
    }
  });
});
