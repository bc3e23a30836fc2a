import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import type { Key } from '../../shared/data/keys.ts';
import * as schema from '../../shared/data/schema.ts';
import { update } from '../../shared/data/step.ts';
import type { Answer } from '../support/api.ts';
import { eventsOf, faultsOf, metricsOf } from '../support/embedded-metrics.ts';
import { deliver, jobsOf } from '../support/jobs.ts';
import { type CallLog, takeLogs } from '../support/log.ts';
import { type Given, inThisProcess, PASSWORD } from '../support/story.ts';

/** The events that the log line of an answer counts. */
const counted = async (answer: Promise<Answer>) => eventsOf((await answer).log!);

const login = (given: Given, body: object) => given.api.call('POST', '/token/id', { app: given.app, body });

/** Runs the waiting jobs, as the stream does. */
async function runJobs(given: Given, left?: number): Promise<CallLog[]> {
  const requestId = `job-${given.app}`;
  for (const key of await jobsOf(given.world.table, given.app)) await deliver([key], left, requestId);
  return takeLogs(requestId);
}

afterEach(() => documentClient().middlewareStack.remove('fault'));

/** Every request of the database fails from now on, until the test ends. */
const breakDatabase = (name: string) =>
  documentClient().middlewareStack.add(
    () => () => Promise.reject(Object.assign(new Error('injected'), { name })) as never,
    { step: 'initialize', name: 'fault', override: true },
  );

inThisProcess('Metrics of a call', (story) => {
  story('a call is counted by code, and its costs by area', async (given) => {
    const user = await given.user();
    const { log } = await user.asks('GET /user/profile');
    expect(log).toMatchObject({ gateway_id: 'at-the-gateway', operation: 'test', actor: 'user' });
    expect(metricsOf(log!)).toEqual({
      'calls stage=test code=200': 1,
      'ms stage=test area=group': log!.ms,
      'read_units stage=test area=group': log!.read_units,
      'write_units stage=test area=group': log!.write_units,
    });
  });

  story('an error of a verified caller is counted by operation too', async (given) => {
    const user = await given.user();
    const { log } = await user.asks('GET /group/info', { group_id: 1 });
    expect(metricsOf(log!)).toMatchObject({
      'calls stage=test code=20001': 1,
      'calls stage=test operation=test code=20001': 1,
    });
  });

  story('a caller who was not verified makes no series of an operation', async (given) => {
    const user = await given.user();
    const strangers = [
      { app: given.app },
      { app: given.app, token: 'garbage' },
      { app: 'nowhere', token: user.token },
      { app: given.app, token: user.token.replace(/.$/, (last) => (last === 'a' ? 'b' : 'a')) },
      { token: user.token },
    ];
    for (const headers of strangers) {
      const { log } = await given.api.call('GET', '/user/profile', headers);
      expect(Object.keys(metricsOf(log!)).filter((series) => series.includes('operation='))).toEqual([]);
      expect(log!.code).not.toBe('200');
    }
  });

  story('a fault is counted by operation, whoever calls', async (given) => {
    const user = await given.user();
    breakDatabase('AccessDeniedException');
    const { log } = await user.asks('GET /user/profile');
    expect(log).toMatchObject({ level: 'error', status: 500, error: { message: 'injected' } });
    expect(metricsOf(log!)).toMatchObject({ 'calls stage=test operation=test code=20000': 1 });
  });

  story('the status in the log separates a busy service (503) from a broken one', async (given) => {
    const user = await given.user();
    breakDatabase('ThrottlingException');
    const { log } = await user.asks('GET /user/profile');
    expect(log).toMatchObject({ level: 'error', status: 503, code: '20000' });
  });
});

inThisProcess('Events in the log', (story) => {
  story('registrations, logins, failed logins and deletions of users are counted', async (given) => {
    const body = { username: `new_${Date.now()}`, password: PASSWORD };
    const register = () => given.api.call('POST', '/user/register/v2', { app: given.app, body });
    expect(await counted(register())).toEqual({ registrations: 1 });
    expect(await counted(register())).toEqual({});

    const user = await given.user();
    const right = { user_id: user.id, password: PASSWORD };
    expect(await counted(login(given, right))).toEqual({ logins: 1 });
    expect(await counted(login(given, { ...right, password: 'wrong' }))).toEqual({ failed_logins: 1 });
    expect(await counted(user.asks('POST /user/delete', { password: PASSWORD }))).toEqual({ users_deleted: 1 });
  });

  story('a batch of registrations counts the users that it made', async (given) => {
    const list = ['one', 'two', 'one', 'not a name'].map((username) => ({ username, password: PASSWORD }));
    expect(await counted(given.admin().asks('POST /user/register/batch', { list }))).toEqual({ registrations: 2 });
  });

  story('a lock-out counts the failure that locks, and not those after it', async (given) => {
    const user = await given.user();
    const known = { user_id: user.id, password: PASSWORD, device_guid: 'known' };
    await login(given, known);
    const fails = Array(9).fill(Date.now());
    await given.db.write([update(schema.lock.key(given.app, String(user.id)), { set: { fails } })]);
    expect(await counted(login(given, { ...known, password: 'wrong' }))).toEqual({ lock_outs: 1 });
    // A device that has logged in before is still checked; an unknown one is refused without being counted.
    expect(await counted(login(given, { ...known, password: 'wrong' }))).toEqual({ failed_logins: 1 });
    expect(await counted(login(given, { user_id: user.id, password: PASSWORD }))).toEqual({});
  });

  story('groups that are made, joined, left and dissolved are counted', async (given) => {
    const [owner, one, two, three] = await given.users(4);
    const made = await owner!.asks('POST /group/create', { name: 'Group', user_list: [one!.id, two!.id, 1] });
    expect(eventsOf(made.log!)).toEqual({ groups_made: 1, joins: 3 });
    const group_id = made.body.data.group_id;
    const people = [three!.id, one!.id];
    expect(await counted(owner!.asks('POST /group/invite', { group_id, user_list: people }))).toEqual({ joins: 1 });
    expect(await counted(one!.asks('POST /group/leave', { group_id }))).toEqual({ leaves: 1 });
    expect(await counted(owner!.asks('POST /group/kick', { group_id, user_list: people }))).toEqual({ leaves: 1 });
    expect(await counted(owner!.asks('POST /group/destroy', { group_id }))).toEqual({ groups_dissolved: 1 });
  });

  story('bans and blocks count what they changed, not what was so before', async (given) => {
    const [owner, one, stranger] = await given.users(3);
    const group_id = await given.group(owner!, { members: [one!] });
    const ban = { group_id, duration: 10, user_list: [one!.id, stranger!.id] };
    expect(await counted(owner!.asks('POST /group/ban', ban))).toEqual({ bans: 1 });
    expect(await counted(owner!.asks('POST /group/unban', { group_id, user_list: [one!.id] }))).toEqual({});
    const block = { group_id, user_list: [one!.id, stranger!.id] };
    expect(await counted(owner!.asks('POST /group/block', block))).toEqual({ blocks: 2, leaves: 1 });
    expect(await counted(owner!.asks('POST /group/block', block))).toEqual({});
    expect((await runJobs(given)).map(eventsOf)).toEqual([{ jobs_done: 1 }]);
  });

  story('a file that is a link is counted as published at once, and a reserved upload is not', async (given) => {
    const owner = await given.user();
    const group_id = await given.group(owner);
    const file = { group_id, name: 'notes', size: 3, type: '', url: 'https://example.com/notes' };
    expect(await counted(owner.asks('POST /group/file/upload', file))).toEqual({ files_published: 1 });
    expect(await counted(owner.asks('POST /group/file/upload', { ...file, url: '' }))).toEqual({});
  });

  story('each call of a race counts what it did itself', async (given) => {
    given.conflicts = true;
    const [owner, ...people] = await given.users(6);
    const group_id = await given.group(owner!, { approval: 0, capacity: 4 });
    const answers = await given.race(
      ...people.map((one) => () => one.asks('POST /group/apply', { group_id, reason: '' })),
    );
    const joins = answers.map(({ log, outcome }) => [outcome, eventsOf(log!).joins ?? 0]);
    expect(joins.sort()).toEqual([
      ['groupFull', 0],
      ['groupFull', 0],
      ['success', 1],
      ['success', 1],
      ['success', 1],
    ]);
  });

  story('ended and cut-off jobs, forgotten users and the memberships that end are counted', async (given) => {
    const [owner, successor, member] = await given.users(3);
    await given.group(owner!, { members: [successor!] });
    await given.group(successor!, { members: [owner!, member!] });
    await owner!.does('POST /user/delete', { password: PASSWORD });
    const [cut] = await runJobs(given, 0);
    expect(eventsOf(cut!)).toEqual({ jobs_cut_off: 1, leaves: 2 });
    expect(cut).toMatchObject({ job: 'deleted user', done: false, job_id: expect.stringMatching(/^[\w-]{36}$/) });
    const [done] = await runJobs(given);
    expect(eventsOf(done!)).toEqual({ jobs_done: 1, users_forgotten: 1 });
  });

  story('a job that fails counts no event, and logs a line that names it', async (given) => {
    const owner = await given.user();
    const group_id = await given.group(owner);
    await owner.does('POST /group/destroy', { group_id });
    const requestId = `failing-${given.app}`;
    const [job] = await jobsOf(given.world.table, given.app);
    let requests = 0;
    documentClient().middlewareStack.add(
      (next) => (args) => (++requests > 1 ? Promise.reject(new Error('injected')) : next(args)),
      { step: 'initialize', name: 'fault', override: true },
    );
    await expect(deliver([job!], undefined, requestId)).rejects.toThrow('injected');
    const [line] = takeLogs(requestId);
    expect(line).toMatchObject({ level: 'error', job: 'dissolved group', done: false, error: { message: 'injected' } });
    expect(eventsOf(line!)).toEqual({});
    documentClient().middlewareStack.remove('fault');
    expect((await runJobs(given)).map(eventsOf)).toEqual([{ jobs_done: 1 }]);
  });
});

inThisProcess('Sizes of partitions', (story) => {
  /** Answers of AWS about sizes of item collections, by its reference. DynamoDB Local never reports or refuses them. */
  const holding = (partition: string, gigabytes: number) =>
    documentClient().middlewareStack.add(
      (next) => async (args) => {
        const input = args.input as {
          ReturnItemCollectionMetrics?: string;
          TableName?: string;
          TransactItems?: Record<string, { TableName: string; Key?: Key; Item?: Key }>[];
        };
        if (input.ReturnItemCollectionMetrics !== 'SIZE') return next(args);
        const size = (pk = '') => ({
          ItemCollectionKey: { pk },
          SizeEstimateRangeGB: pk === partition ? [gigabytes - 1, gigabytes] : [0, 1],
        });
        const written = input.TransactItems?.map((item) => Object.values(item)[0]!) ?? [
          input as { Key?: Key; Item?: Key },
        ];
        const keys = written.map(({ Key, Item }) => (Key ?? Item)!.pk);
        if (gigabytes > 10 && keys.includes(partition)) {
          const name = 'ItemCollectionSizeLimitExceeded';
          throw input.TransactItems
            ? Object.assign(new Error('cancelled'), {
                name: 'TransactionCanceledException',
                CancellationReasons: keys.map((pk) => ({ Code: pk === partition ? name : 'None' })),
              })
            : Object.assign(new Error('no room'), { name: `${name}Exception` });
        }
        const result = await next(args);
        const sizes = [...new Set(keys)].map(size);
        const ItemCollectionMetrics = input.TransactItems ? { [tableOf(input)]: sizes } : sizes[0];
        return { ...result, output: { ...(result.output as object), ItemCollectionMetrics } } as never;
      },
      { step: 'initialize', name: 'fault', override: true },
    );
  const tableOf = ({ TransactItems }: { TransactItems?: Record<string, { TableName: string }>[] }) =>
    Object.values(TransactItems![0]!)[0]!.TableName;

  story('a write to a half-full partition is counted, and the log names the partition', async ({ app, nobody }) => {
    const register = () =>
      nobody.asks('POST /user/register/v2', { username: `u${randomUUID().slice(0, 8)}`, password: PASSWORD });
    holding(schema.directoryEntry.partition(app), 4);
    const before = await register();
    expect(eventsOf(before.log!)).toEqual({ registrations: 1 });
    expect(before.log).not.toHaveProperty('collections');
    holding(schema.directoryEntry.partition(app), 5);
    const { log } = await register();
    expect(eventsOf(log!)).toEqual({ registrations: 1, large_collections: 1 });
    expect(log).toMatchObject({ level: 'info', collections: [schema.directoryEntry.partition(app)] });
  });

  story('a single write to a large partition is counted too', async (given) => {
    const user = await given.user();
    holding(schema.user.partition(given.app, user.id), 7);
    const { log } = await user.asks('PUT /user/kick', { device_sn: user.device });
    expect(eventsOf(log!)).toEqual({ large_collections: 1 });
  });

  story('a write to a full partition is a fault that is counted and names the partition', async (given) => {
    const user = await given.user();
    holding(schema.directoryEntry.partition(given.app), 11);
    const { status, log } = await given.nobody.asks('POST /user/register/v2', { username: 'late', password: PASSWORD });
    expect(status).toBe(500);
    expect(eventsOf(log!)).toEqual({ full_collections: 1 });
    expect(log).toMatchObject({ level: 'error', collections: [schema.directoryEntry.partition(given.app)] });
    holding(schema.user.partition(given.app, user.id), 11);
    const alone = await user.asks('PUT /user/kick', { device_sn: user.device });
    expect(alone.status).toBe(500);
    expect(eventsOf(alone.log!)).toEqual({ full_collections: 1 });
  });
});

describe('Log lines for CloudWatch', () => {
  const directive = { Namespace: 'Roster', Dimensions: [['stage']], Metrics: [{ Name: 'calls', Unit: 'Count' }] };
  const line = (members: object, changes: object = {}) => ({
    ...members,
    _aws: { Timestamp: 1, CloudWatchMetrics: [{ ...directive, ...changes }] },
  });

  it.each([
    ['no metadata', { calls: 1 }],
    ['a dimension that is a number', line({ stage: 1, calls: 1 })],
    ['a dimension that is not there', line({ calls: 1 })],
    ['a metric that is not there', line({ stage: 'dev' })],
    ['a metric that is text', line({ stage: 'dev', calls: '1' })],
    ['a unit that does not exist', line({ stage: 'dev', calls: 1 }, { Metrics: [{ Name: 'calls', Unit: 'ms' }] })],
    ['dimensions that are no sets', line({ stage: 'dev', calls: 1 }, { Dimensions: ['stage'] })],
    ['a member that the format does not know', line({ stage: 'dev', calls: 1 }, { Stage: 'dev' })],
  ])('a log line with %s is reported as one that CloudWatch would not take', (_, wrong) => {
    expect(faultsOf(wrong as Record<string, unknown>)).toHaveLength(1);
  });

  it('a log line that CloudWatch would take is not reported', () => {
    expect(faultsOf(line({ stage: 'dev', calls: 1 }))).toEqual([]);
  });
});
