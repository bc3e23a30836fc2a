import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { forgetCachedApps } from '../../shared/call/app-cache.ts';
import { Call } from '../../shared/call/call.ts';
import { isGenuine, parseToken, tokenHash } from '../../shared/call/token.ts';
import { type App, adminTokenOf, appOf, updateApp } from '../../shared/data/app-repo.ts';
import * as counters from '../../shared/data/counter-repo.ts';
import { countersOf, totalOf } from '../../shared/data/counter-repo.ts';
import { Database } from '../../shared/data/database.ts';
import { deviceOf } from '../../shared/data/device-repo.ts';
import { finishJob, type Job, jobId, jobOf, putJob } from '../../shared/data/job-repo.ts';
import { lockOf } from '../../shared/data/lock-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import { put, remove, update } from '../../shared/data/step.ts';
import { putUser, type User } from '../../shared/data/user-repo.ts';
import type { ErrorName } from '../../shared/errors.ts';
import { SCOPES, type Scope } from '../../shared/scopes.ts';
import { newTable, putAll } from '../support/database.ts';
import { appId, groupId, userId } from '../support/ids.ts';
import { ops, opsHere, stackFolder } from './command-line.ts';

let table: Awaited<ReturnType<typeof newTable>>;
let folder: string;

beforeAll(async () => {
  table = await newTable();
  folder = stackFolder(table.endpoint, table.name);
  process.chdir(folder);
});
const project = process.cwd();
afterAll(() => process.chdir(project));

const db = () => new Database(table.client, table.name);

/** Runs a command that succeeds, with --json. @returns its output */
// biome-ignore lint/suspicious/noExplicitAny: what the command line prints is looked at field by field
async function json(...args: string[]): Promise<any> {
  const { exitCode, stdout, stderr } = await opsHere([...args, '--json']);
  expect({ exitCode, stdout, stderr }).toMatchObject({ exitCode: 0 });
  return JSON.parse(stdout);
}

async function refused(...args: string[]): Promise<string> {
  const { exitCode, stdout } = await opsHere([...args, '--json']);
  expect(exitCode).toBe(1);
  return JSON.parse(stdout).error;
}

async function text(...args: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await opsHere(args);
  expect({ exitCode, stderr }).toEqual({
    exitCode: 0,
    stderr: `Using table ${table.name} of the laptop stack at ${table.endpoint}\n`,
  });
  return stdout;
}

/** The error of an API call with this token; undefined where the call succeeds. */
async function callWith(app: string, token: string, scope: Scope = 'read'): Promise<ErrorName | undefined> {
  forgetCachedApps();
  const credentials = { app, token, user: undefined, group: undefined };
  return new Call({ access: 'admin', scope }, credentials, { db: db() }).open([]).then(
    () => undefined,
    ({ name }) => name,
  );
}

async function addUser(app: string, id: number, more: Partial<User> = {}) {
  const password = { salt: '', hash: '', N: 1, r: 1, p: 1 };
  const user = userId(id);
  const base = { user, username: `user_${id}`, status: 'active', password, epoch: 0, confirm: false } as const;
  await db().write(putUser(appId(app), { ...base, joined: 0, owned: 0, createdAt: 1000 + id, ...more }));
}

const total = async (app: string, counted: 'users' | 'groups') =>
  totalOf(await db().read(countersOf(appId(app))), counted);

describe('apps', () => {
  it('apps are created, shown and listed', async () => {
    const made = await json('apps', 'create', '--id', 'shop', '--name', 'The shop', '--limit', 'files=10', 'tags=5');
    expect(made).toMatchObject({
      app_id: 'shop',
      name: 'The shop',
      status: 'active',
      registration: 'open',
      limits_set: ['files', 'tags'],
    });
    expect(made.limits).toMatchObject({ files: 10, tags: 5, devices: 20 });
    expect(JSON.stringify(made)).not.toContain((await db().read(appOf(appId('shop'))))!.secret);
    expect(await json('apps', 'show', 'shop')).toEqual(made);
    const drawn = await json('apps', 'create');
    expect(drawn.app_id).toMatch(/^[a-z][a-z0-9]{11}$/);
    const { apps } = await json('apps', 'list');
    expect(apps).toContainEqual(made);
    expect(apps).toContainEqual(drawn);
    expect(await text('apps', 'list')).toMatch(/^ID +NAME +STATUS +REGISTRATION +CREATED\n/);
    expect(await text('apps', 'show', 'shop')).toMatch(/limits +files=10 tags=5\n/);
  });

  it('an app id is never used twice', async () => {
    await json('apps', 'create', '--id', 'once');
    expect(await refused('apps', 'create', '--id', 'once')).toContain('app_id: is taken');
  });

  it('an app is disabled (appDisabled) and enabled, also twice', async () => {
    await json('apps', 'create', '--id', 'door');
    const { token } = await json('tokens', 'issue', 'door');
    expect(await callWith('door', token)).toBeUndefined();
    for (const _ of [1, 2]) expect(await json('apps', 'disable', 'door')).toMatchObject({ status: 'disabled' });
    expect(await callWith('door', token)).toBe('appDisabled');
    for (const _ of [1, 2]) expect(await text('apps', 'enable', 'door')).toContain('is now active');
    expect(await callWith('door', token)).toBeUndefined();
  });

  it('registration of an app is opened and closed', async () => {
    await json('apps', 'create', '--id', 'club');
    expect(await json('apps', 'registration', 'club', 'closed')).toMatchObject({ registration: 'closed' });
    expect((await db().read(appOf(appId('club'))))!.registration).toBe('closed');
    expect(await json('apps', 'registration', 'club', 'open')).toMatchObject({ registration: 'open' });
    expect(await refused('apps', 'registration', 'club', 'ajar')).toContain("'ajar' is invalid for argument 'state'");
  });

  it('guests of an app are let in and kept out by a limit', async () => {
    await json('apps', 'create', '--id', 'lobby', '--limit', 'guests=1');
    expect((await db().read(appOf(appId('lobby'))))!.limits).toEqual({ guests: 1 });
    expect(await json('apps', 'limits', 'lobby', 'guests=0')).toMatchObject({ limits: { guests: 0 } });
    expect(await refused('apps', 'limits', 'lobby', 'guests=2')).toContain('guests: takes a whole number from 0 to 1');
  });

  it('a deleted app is appMissing, its id is never used again, and none of its tokens is left', async () => {
    await json('apps', 'create', '--id', 'gone');
    const { token } = await json('tokens', 'issue', 'gone');
    expect(await refused('apps', 'delete', 'gone', '--yes')).toContain('disable it first');
    await json('apps', 'disable', 'gone');
    expect(await refused('apps', 'delete', 'gone')).toContain('--yes');
    const doubtful = await ops(['apps', 'delete', 'gone'], { folder, input: 'no\n' });
    expect(doubtful).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing was done') });
    const silent = await ops(['apps', 'delete', 'gone'], { folder });
    expect(silent).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('nothing was done') });
    const sure = await ops(['apps', 'delete', 'gone'], { folder, input: 'gone\n' });
    expect(sure).toMatchObject({ exitCode: 0, stdout: expect.stringContaining('never reused') });

    expect(await callWith('gone', token)).toBe('appMissing');
    expect(await db().read(adminTokenOf(appId('gone'), tokenHash(token)))).toBeUndefined();
    expect(await refused('apps', 'create', '--id', 'gone')).toContain('is taken');
    expect(await refused('apps', 'enable', 'gone')).toBe('there is no app "gone"');
    expect(await refused('tokens', 'issue', 'gone')).toBe('there is no app "gone"');
    expect((await json('apps', 'list')).apps.map(({ app_id }: { app_id: string }) => app_id)).not.toContain('gone');
  });
});

describe('limits', () => {
  it('limits are set, shown and reset', async () => {
    await json('apps', 'create', '--id', 'caps');
    const set = await json('apps', 'limits', 'caps', 'group_capacity=100000', 'files=7');
    expect(set).toMatchObject({ limits: { group_capacity: 100_000, files: 7, tags: 100 } });
    expect(set.limits_set.toSorted()).toEqual(['files', 'group_capacity']);
    expect(await json('apps', 'limits', 'caps', 'files=default')).toMatchObject({
      limits: { files: 1000 },
      limits_set: ['group_capacity'],
    });
    expect((await db().read(appOf(appId('caps'))))!.limits).toEqual({ group_capacity: 100_000 });
    expect(await text('apps', 'limits', 'caps')).toMatch(/group_capacity +100000 +set +1 to 100000\n/);
  });

  it('two changes of limits at the same moment are both kept', async () => {
    await json('apps', 'create', '--id', 'race');
    await Promise.all([json('apps', 'limits', 'race', 'files=7'), json('apps', 'limits', 'race', 'tags=8')]);
    expect((await db().read(appOf(appId('race'))))!.limits).toEqual({ files: 7, tags: 8 });
  });

  it('a wrong limit is named, and nothing is changed', async () => {
    const sentence = await refused('apps', 'limits', 'caps', 'files=3', 'groups_joined=3001');
    expect(sentence).toContain('groups_joined: takes a whole number from 0 to 3000');
    expect((await db().read(appOf(appId('caps'))))!.limits).toEqual({ group_capacity: 100_000 });
    for (const name of ['upload_life', 'download_life'])
      expect(await refused('apps', 'limits', 'caps', `${name}=3601`)).toContain(
        `${name}: takes a whole number from 1 to 3600, or "default"; not "3601"`,
      );
  });

  it('a stored limit above the allowed value is shown as the value that counts', async () => {
    await json('apps', 'create', '--id', 'older');
    await db().write([updateApp(appId('older'), { limits: { download_life: 43_200 } })]);
    expect(await json('apps', 'limits', 'older')).toMatchObject({ limits: { download_life: 3600 } });
    expect(await text('apps', 'limits', 'older')).toMatch(/download_life +3600 +set +1 to 3600\n/);
    expect(await text('apps', 'show', 'older')).toMatch(/limits +download_life=3600\n/);
  });

  it('users and groups are counted when they become limited, are counted on from there, and can be recounted', async () => {
    await json('apps', 'create', '--id', 'many');
    for (let user = 1; user <= 30; user++) await addUser('many', user, { owned: user % 3 });
    // Left from a time when there was a limit.
    await db().write([counters.count(appId('many'), 'users', 999, 5)]);
    expect(await json('apps', 'limits', 'many', 'users=100', 'groups=50')).toMatchObject({ users: 30, groups: 30 });
    expect([await total('many', 'users'), await total('many', 'groups')]).toEqual([30, 30]);

    await addUser('many', 31, { owned: 1 });
    await db().write([counters.count(appId('many'), 'users', 1)]);
    await db().write([counters.count(appId('many'), 'groups', 1)]);
    expect(await text('apps', 'show', 'many')).toMatch(/users +31 of 100\ngroups +31 of 50\n/);

    // A user whom a function with the old record registered is not counted.
    await addUser('many', 32);
    expect(await json('apps', 'recount', 'many')).toEqual({ app_id: 'many', users: 32, groups: 31 });
    expect(await total('many', 'users')).toBe(32);
    // A limit that is only moved is not counted again.
    expect(await json('apps', 'limits', 'many', 'users=200')).not.toHaveProperty('users');
  });

  it('users and groups are counted over several pages', async () => {
    await json('apps', 'create', '--id', 'large');
    const users = Array.from({ length: 1001 }, (_, user) => userId(user + 1));
    const items = users.flatMap((user) => [
      { ...schema.user.key(appId('large'), user), owned: 2 },
      schema.directoryEntry.key(appId('large'), 1000, user),
    ]);
    await putAll(table, items);
    expect(await json('apps', 'limits', 'large', 'users=5000')).toMatchObject({ users: 1001 });
    expect(await json('apps', 'limits', 'large', 'groups=5000')).toMatchObject({ groups: 2002 });
    expect(await json('apps', 'recount', 'large')).toEqual({ app_id: 'large', users: 1001, groups: 2002 });
  });

  it('an app without users counts zero, and an app without limits counts nothing', async () => {
    await json('apps', 'create', '--id', 'empty');
    expect(await text('apps', 'recount', 'empty')).toContain('nothing is counted');
    expect(await json('apps', 'limits', 'empty', 'users=1')).toMatchObject({ users: 0 });
  });
});

describe('tokens', () => {
  it('an issued admin token is valid, is shown once, and only its hash is stored', async () => {
    await json('apps', 'create', '--id', 'keys');
    const issued = await json('tokens', 'issue', 'keys', '--name', 'backend', '--expires', '30d');
    const app = (await db().read(appOf(appId('keys')))) as App;
    expect(isGenuine(app, parseToken(issued.token)!)).toBe(true);
    expect(Date.parse(issued.expires_at) - Date.now()).toBeGreaterThan(29.9 * 86_400_000);
    expect(await callWith('keys', issued.token)).toBeUndefined();

    const { tokens } = await json('tokens', 'list', 'keys');
    expect(tokens).toMatchObject([{ token_id: issued.token_id, name: 'backend', state: 'active', revoked_at: null }]);
    expect(Date.parse(tokens[0].last_used_at)).toBeGreaterThan(Date.now() - 60_000);
    expect(JSON.stringify(tokens)).not.toContain(issued.token);

    expect(await text('tokens', 'issue', 'keys')).toMatch(
      /^a1\.\S+\n\nAdmin token [0-9a-f]{12} of app keys, valid until it is revoked, with all scopes\./,
    );
  });

  it('an admin token has the scopes that it was issued for, or all (scopeMissing)', async () => {
    await json('apps', 'create', '--id', 'narrow');
    const issued = await json('tokens', 'issue', 'narrow', '--scope', 'read, users,read');
    expect(issued.scopes).toEqual(['read', 'users']);
    expect(await callWith('narrow', issued.token, 'users')).toBeUndefined();
    expect(await callWith('narrow', issued.token, 'groups')).toBe('scopeMissing');
    const other = await json('tokens', 'issue', 'narrow');
    expect(other.scopes).toEqual(Object.keys(SCOPES));
    expect(await callWith('narrow', other.token, 'groups')).toBeUndefined();
    const { tokens } = await json('tokens', 'list', 'narrow');
    expect(tokens.map(({ scopes }: { scopes: string[] }) => scopes.length).sort()).toEqual([2, 7]);
    const listed = await text('tokens', 'list', 'narrow');
    expect(listed).toMatch(/ read, users$/m);
    expect(listed).toMatch(/ all scopes$/m);
    const named = await refused('tokens', 'issue', 'narrow', '--scope', 'read,reed');
    expect(named).toContain('"reed" is no scope. The scopes are read, users, groups, files, events, decide, login.');
    expect(await refused('tokens', 'issue', 'narrow', '--scope', '')).toContain('"" is no scope');
  });

  it('an admin token is revoked by its id or by itself, also twice (loginAgain)', async () => {
    await json('apps', 'create', '--id', 'locks');
    const issue = () => json('tokens', 'issue', 'locks');
    const [first, second, third] = await Promise.all([issue(), issue(), issue()]);
    const revoked = await json('tokens', 'revoke', 'locks', first.token_id);
    expect(revoked).toMatchObject({ token_id: first.token_id, state: 'revoked' });
    expect(await json('tokens', 'revoke', 'locks', first.token_id)).toEqual(revoked);
    await json('tokens', 'revoke', 'locks', second.token);
    expect(await callWith('locks', first.token)).toBe('loginAgain');
    expect(await callWith('locks', second.token)).toBe('loginAgain');
    expect(await callWith('locks', third.token)).toBeUndefined();
    const listed = await text('tokens', 'list', 'locks');
    expect(listed.match(/ revoked /g)).toHaveLength(2);
    expect(listed.match(/ active /g)).toHaveLength(1);
    expect(await refused('tokens', 'revoke', 'locks', '000000000000')).toContain('has no such admin token');
    expect(await refused('tokens', 'revoke', 'keys', third.token)).toContain('has no such admin token');
  });

  it('an expired admin token is listed as expired (loginAgain)', async () => {
    await json('apps', 'create', '--id', 'old');
    const { token } = await json('tokens', 'issue', 'old', '--expires', '2099-01-31T12:00Z');
    await db().write([update(schema.adminToken.key(appId('old'), tokenHash(token)), { set: { expiresAt: 1000 } })]);
    expect((await json('tokens', 'list', 'old')).tokens).toMatchObject([{ state: 'expired', last_used_at: null }]);
    expect(await callWith('old', token)).toBe('loginAgain');
  });

  it('an admin token cannot expire in the past', async () => {
    expect(await refused('tokens', 'issue', 'old', '--expires', '2001-01-01')).toContain("'--expires <when>'");
  });
});

describe('users', () => {
  beforeAll(async () => {
    await json('apps', 'create', '--id', 'people');
    await addUser('people', 123456, { username: 'Alice' });
    await addUser('people', 234567, { username: 'bob' });
    await db().write([put(schema.mobile.key(appId('people'), '+491234567'), { user: 123456 })]);
    await db().write([put(schema.mobile.key(appId('people'), '234567'), { user: 123456 })]);
  });
  const lock = () => {
    const fails = Array.from({ length: 10 }, () => Date.now());
    return db().write([put(schema.lock.key(appId('people'), '123456'), { fails, lockedUntil: Date.now() + 600_000 })]);
  };

  it.each(['123456', 'alice', '+491234567'])('users unlock %s ends the lock-out of that user', async (named) => {
    await lock();
    expect(await json('users', 'unlock', 'people', named)).toMatchObject({
      user_id: 123456,
      username: 'Alice',
      was_locked: true,
      failures: 10,
    });
    expect(await db().read(lockOf(appId('people'), '123456'))).toBeUndefined();
    expect(await text('users', 'unlock', 'people', named)).toContain('was not locked out');
  });

  it('users unlock ends the lock-outs of the devices of a user too', async () => {
    const now = Date.now();
    const device = { seen: now, createdAt: now, login: now, expiresAt: 0, epoch: 0, agent: '', platform: 6 };
    const fails = Array(10).fill(now);
    await db().write([put(schema.device.key(appId('people'), userId(123456), 71), { ...device, sn: 71, fails })]);
    await db().write([put(schema.device.key(appId('people'), userId(123456), 72), { ...device, sn: 72 })]);
    expect((await json('users', 'find', 'people', 'alice')).devices).toMatchObject([
      { device_sn: 71, failures: 10, locked_until: new Date(now + 600_000).toISOString() },
      { device_sn: 72, failures: 0, locked_until: null },
    ]);
    expect(await text('users', 'find', 'people', 'alice')).toMatch(/71 +signed out .* 10, locked until /);
    expect(await json('users', 'unlock', 'people', 'alice')).toMatchObject({
      was_locked: true,
      locked_until: new Date(now + 600_000).toISOString(),
      failures: 0,
    });
    for (const sn of [71, 72]) {
      expect(await db().read(deviceOf(appId('people'), userId(123456), sn))).not.toHaveProperty('fails');
      await db().write([remove(schema.device.key(appId('people'), userId(123456), sn))]);
    }
  });

  it('users find shows a user with lock, devices and sessions, and no secret', async () => {
    await lock();
    const now = Date.now();
    const set = {
      token: 'HASH-OF-A-TOKEN',
      expiresAt: now + 1e6,
      epoch: 0,
      seen: now,
      createdAt: now,
      agent: 'App/1',
      platform: 2,
    };
    await db().write([update(schema.device.key(appId('people'), userId(123456), 77), { set: { ...set, sn: 77 } })]);
    await db().write([
      update(schema.device.key(appId('people'), userId(123456), 78), { set: { ...set, sn: 78, epoch: 1 } }),
    ]);
    await db().write([update(schema.user.key(appId('people'), userId(123456)), { set: { mobile: '+491234567' } })]);
    const shown = await json('users', 'find', 'people', 'ALICE');
    expect(shown).toMatchObject({
      user_id: 123456,
      username: 'Alice',
      mobile: '+491234567',
      status: 'active',
      groups_joined: 0,
      friends: 0,
      blocked: 0,
      open_requests: 0,
      failures: 10,
      locked_until: expect.any(String),
      devices: [
        { device_sn: 77, signed_in: true, user_agent: 'App/1', last_call_at: new Date(now).toISOString() },
        { device_sn: 78, signed_in: false },
      ],
    });
    const lines = await text('users', 'find', 'people', '123456');
    expect(lines).toMatch(/failed logins +10, locked until .*UTC/);
    expect(lines).toMatch(/^77 +signed in +.* App\/1$/m);
    expect(lines + JSON.stringify(shown)).not.toMatch(/HASH-OF-A-TOKEN|salt|hash/);
    expect(await text('users', 'find', 'people', 'bob')).toContain('No devices.');
    expect(await refused('users', 'find', 'people', 'carol')).toBe('app "people" has no user "carol"');
  });

  it('users find counts friends, blocked users and open requests', async () => {
    const now = Date.now();
    const waiting = (other: number, requestExpiresAt: number) =>
      put(schema.contact.key(appId('people'), userId(123456), userId(other)), {
        requestedAt: now - 2,
        requestExpiresAt,
        requestStatus: 0,
        lsi1sk: schema.contact.orders.requested(now - 2, userId(other)),
      });
    await db().write([
      put(schema.contactCounts.key(appId('people'), userId(123456)), { friends: 12, blocked: 3, requests: 2 }),
      waiting(5, now + 1e6),
      waiting(6, now - 1),
    ]);
    const counts = { friends: 12, blocked: 3, open_requests: 1 };
    expect(await json('users', 'find', 'people', 'alice')).toMatchObject(counts);
    expect(await text('users', 'find', 'people', 'alice')).toMatch(/^friends +12, 3 blocked, 1 open requests$/m);
  });

  it('users unlock refuses a name that is ambiguous, unknown or of a deleted user', async () => {
    expect(await refused('users', 'unlock', 'people', '234567')).toContain('mobile number of Alice and the id of bob');
    expect(await refused('users', 'unlock', 'people', 'carol')).toBe('app "people" has no user "carol"');
    expect(await refused('users', 'unlock', 'people', 'x#y')).toContain('has no user');
    expect(await refused('users', 'unlock', 'nowhere', 'alice')).toBe('there is no app "nowhere"');
    await addUser('people', 345678);
    await db().write([update(schema.user.key(appId('people'), userId(345678)), { set: { status: 'deleted' } })]);
    expect(await refused('users', 'unlock', 'people', '345678')).toContain('has no user');
  });
});

describe('jobs', () => {
  const made = (minutes: number) => Date.now() - minutes * 60_000;
  const add = async (job: Job) => {
    const step = putJob(job);
    await db().write([step]);
    return step.key;
  };

  it('jobs list shows waiting jobs, oldest first, and jobs retry hands out those that are named', async () => {
    expect(await json('jobs', 'list')).toEqual({ jobs: [] });
    expect(await text('jobs', 'list')).toBe('No unfinished jobs.\n');
    const user = await add({ kind: 'deleted user', app: appId('shop'), user: userId(5), createdAt: made(1) });
    const group = await add({ kind: 'dissolved group', app: appId('shop'), group: groupId(7), createdAt: made(20) });
    const { jobs } = await json('jobs', 'list');
    expect(jobs).toMatchObject([
      { job_id: jobId(group), kind: 'dissolved group', app_id: 'shop', of: 'group 7', touched_at: null },
      { job_id: jobId(user), kind: 'deleted user', of: 'user 5' },
    ]);
    expect(await text('jobs', 'list')).toMatch(
      /^ID +KIND +APP +OF +CREATED +TOUCHED\n.+dissolved group +shop +group 7 /,
    );

    const before = Date.now();
    expect(await json('jobs', 'retry', jobId(group))).toMatchObject({ retried: [{ job_id: jobId(group) }] });
    const touched = await db().read([jobOf(group), jobOf(user)]);
    expect(touched[0]?.continued).toBeGreaterThanOrEqual(before);
    expect(touched[1]?.continued).toBeUndefined();
    expect(await text('jobs', 'retry', '--all')).toContain('Restarted 2 jobs.');
    expect((await db().read(jobOf(user)))?.continued).toBeGreaterThanOrEqual(before);

    await db().write([finishJob(user)]);
    const gone = `job: "${jobId(user)}" is not there: it is done, or never was`;
    expect(await refused('jobs', 'retry', jobId(user), jobId(group))).toBe(gone);
    // The job that is done does not come back.
    expect(await db().read(jobOf(user))).toBeUndefined();
    expect(await refused('jobs', 'retry')).toBe('give job ids or --all');
    expect(await refused('jobs', 'retry', '--all', jobId(group))).toBe('give job ids or --all');
    expect(await refused('jobs', 'retry', 'J#1')).toContain('This is not a job id.');
  });

  it('jobs are spread over partitions of the index, and still listed in order', async () => {
    const steps = Array.from({ length: 60 }, (_, n) =>
      putJob({ kind: 'deleted user', app: appId('spread'), user: userId(n), createdAt: made(100 + ((n * 7) % 60)) }),
    );
    await db().write(steps);
    const partitions = steps.map(({ item }) => item?.gsi1pk);
    expect(new Set(partitions).size).toBeGreaterThan(8);
    for (const partition of new Set(partitions))
      expect(partitions.filter((one) => one === partition).length).toBeLessThan(20);
    const { jobs } = await json('jobs', 'list');
    const listed = jobs.filter(({ app_id }: { app_id: string }) => app_id === 'spread');
    expect(listed).toHaveLength(60);
    const times = listed.map(({ made_at }: { made_at: string }) => made_at);
    expect(times).toEqual([...times].sort());
  });
});

describe('the command line', () => {
  it('a command answers scripts on stdout, names its table on stderr, and reports errors as one line of JSON', async () => {
    const made = await ops(['apps', 'create', '--id', 'script', '--json'], { folder });
    const where = `Using table ${table.name} of the laptop stack at ${table.endpoint}\n`;
    expect({ ...made, stdout: JSON.parse(made.stdout) }).toMatchObject({
      exitCode: 0,
      stdout: { app_id: 'script', limits_set: [] },
      stderr: where,
    });
    const again = await ops(['apps', 'create', '--id', 'script', '--json'], { folder });
    expect({ ...again, stdout: JSON.parse(again.stdout) }).toEqual({
      exitCode: 1,
      stdout: { error: expect.stringContaining('is taken') },
      stderr: where,
    });
    const unknown = await ops(['apps', 'show', 'nobody'], { folder });
    expect(unknown).toEqual({ exitCode: 1, stdout: '', stderr: `${where}error: there is no app "nobody"\n` });
  });

  it('a command names the argument that is wrong', async () => {
    expect(await refused('apps', 'show', 'a b')).toContain("'a b' is invalid for argument 'app'");
    expect(await refused('apps', 'show')).toContain("missing required argument 'app'");
    expect(await refused('apps', 'create', '--colour', 'red')).toContain("unknown option '--colour'");
    expect(await refused('apps', 'paint')).toContain("unknown command 'paint'");
    const { exitCode, stdout, stderr } = await ops(['apps', 'show', 'a b'], { folder });
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr.match(/error:/g)).toHaveLength(1);
  });

  it('--help explains a command', async () => {
    const { exitCode, stdout } = await ops(['apps', 'limits', '--help']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('--stage <stage>');
  });

  it('a command uses AWS when told so, even while a laptop stack runs', async () => {
    const environment = {
      AWS_REGION: 'eu-west-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_DYNAMODB: table.endpoint,
    };
    const named = await ops(['apps', 'show', 'shop', '--table', table.name], { folder, environment });
    expect(named).toMatchObject({ exitCode: 0, stderr: `Using table ${table.name} in eu-west-1\n` });
    const stage = await ops(['apps', 'list', '--stage', 'none', '--region', 'us-east-2'], { folder, environment });
    expect(stage.exitCode).toBe(1);
    expect(stage.stderr).toContain('there is no table roster-none in us-east-2: deploy first');
  });

  it('a command without region, credentials or running stack says what is missing', async () => {
    expect((await ops(['apps', 'list'])).stderr).toContain('no AWS region');
    expect((await ops(['apps', 'list', '--region', 'eu-west-1'])).stderr).toContain('no AWS credentials');
    expect((await ops(['apps', 'list', '--local'])).stderr).toContain('the laptop stack is not running');
    expect((await ops(['apps', 'list', '--local', '--stage', 'prod'])).stderr).toContain(
      '--local cannot be combined with',
    );
    const ended = stackFolder('http://127.0.0.1:1', 'roster-dev');
    expect((await ops(['apps', 'list'], { folder: ended })).stderr).toContain('cannot reach table roster-dev');
  });
});
