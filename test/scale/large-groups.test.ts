import { beforeAll, describe, expect, test } from 'vitest';
import { exists } from '../../shared/data/expression.ts';
import { updateGroup } from '../../shared/data/group-repo.ts';
import { jobOf } from '../../shared/data/job-repo.ts';
import { peopleOf } from '../../shared/data/remains-repo.ts';
import * as schema from '../../shared/data/schema.ts';
import type { GroupId } from '../../shared/ids.ts';
import { putAll } from '../support/database.ts';
import { groupId, userId } from '../support/ids.ts';
import { deliver, jobsOf } from '../support/jobs.ts';
import { Given, type Person } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';

/** Its members fill more than one page of a Query (1 MB). */
const LARGE = 10_000;
const SINCE = 1_700_000_000_000;

/** Members who do nothing: their side of the group is all that a large group's cost could come from. */
async function fill(given: Given, group: GroupId, count: number): Promise<void> {
  const items = Array.from({ length: count }, (_, n) => {
    const user = userId(1_000_000 + n);
    const joined = SINCE + n;
    const lsi1sk = schema.groupMembership.orders.joined(joined, 0, user);
    return { ...schema.groupMembership.key(given.app, group, user), state: 'member', role: 0, joined, lsi1sk };
  });
  await putAll(given.world.table, items);
  await given.db.write([
    updateGroup(given.app, group, { add: { count }, set: { capacity: 100_000, approval: 0 } }, exists),
  ]);
}

interface Units {
  read: number;
  write: number;
  trips: number;
}

describe('Costs in a group of ten and of ten thousand', () => {
  let given: Given;
  const costs: Record<string, Units>[] = [];

  /** What each operation costs in a group of that size. */
  async function measure(members: number): Promise<Record<string, Units>> {
    const owner = await given.user('owner');
    const [joiner, kicked, successor] = (await given.users(3)) as [Person, Person, Person];
    const group_id = await given.group(owner, { members: [kicked, successor] });
    await fill(given, group_id, members);
    const units: Record<string, Units> = {};
    const does = async (name: string, who: Person, ...asked: Parameters<Person['asks']>) => {
      const { body, log } = await who.asks(...asked);
      expect(body.code, `${name}: ${body.message}`).toBe(200);
      units[name] = { read: log!.read_units, write: log!.write_units, trips: log!.trips };
      return body;
    };
    await does('join', joiner, 'POST /group/apply', { group_id, reason: '' });
    await does('info', joiner, 'GET /group/info', { group_id });
    await does('ban', owner, 'POST /group/ban', { group_id, duration: 5, user_list: [joiner.id] });
    await does('banned list', owner, 'GET /group/banned_list', { group_id });
    const first = await does('first page of members', owner, 'GET /group/member_list', { group_id, limit: 10 });
    expect(first.data).toHaveLength(10);
    expect(first.total).toBe(members + 4);
    await does('leave', joiner, 'POST /group/leave', { group_id });
    await does('kick', owner, 'POST /group/kick', { group_id, user_list: [kicked.id] });
    await does('transfer', owner, 'POST /group/transfer', { group_id, new_owner: successor.id });
    // As deep as the group goes: pages of a thousand to its last ten entries.
    let cursor: string | undefined;
    let left = members + 2;
    while (left > 10) {
      const limit = Math.min(1000, left - 10);
      const { body } = await owner.asks('GET /group/member_list', { group_id, limit, cursor });
      cursor = body.cursor;
      left -= body.data.length;
    }
    const last = await does('last page of members', owner, 'GET /group/member_list', { group_id, limit: 10, cursor });
    expect(last.cursor).toBeUndefined();
    expect(last.data).toHaveLength(10);
    await does('destroy', successor, 'POST /group/destroy', { group_id });
    return units;
  }

  beforeAll(async () => {
    given = await Given.app(await worldInProcess());
    costs.push(await measure(10), await measure(LARGE));
  }, 120_000);

  test.each([
    'join',
    'leave',
    'kick',
    'ban',
    'info',
    'banned list',
    'first page of members',
    'last page of members',
    'transfer',
    'destroy',
  ])('%s costs the same round trips and units in a group of ten thousand as in a group of ten', (name) => {
    const [small, large] = costs as [Record<string, Units>, Record<string, Units>];
    expect(large[name]!.trips).toBe(small[name]!.trips);
    expect(Math.abs(large[name]!.read - small[name]!.read)).toBeLessThanOrEqual(1);
    expect(Math.abs(large[name]!.write - small[name]!.write)).toBeLessThanOrEqual(1);
  });
});

test('a user in 3,000 groups lists them in two round trips', async () => {
  const given = await Given.app(await worldInProcess());
  const alice = await given.user('alice');
  const groups = Array.from({ length: 3000 }, (_, n) => groupId(5_000_000 + n));
  await putAll(
    given.world.table,
    groups.map((group, n) => {
      const joined = SINCE + n;
      const lsi1sk = schema.userMembership.orders.joined(joined, 0, group);
      return { ...schema.userMembership.key(given.app, alice.id, group), role: 0, joined, settled: joined, lsi1sk };
    }),
  );
  const { body, log } = await alice.asks('GET /group/user_joined');
  expect(body.data).toEqual(groups);
  // Caller and app in one batch, the first user memberships, the dissolved groups; then the other user memberships.
  expect(log).toMatchObject({ trips: 2 });
  expect(log!.requests).toBeLessThanOrEqual(5);
  // 0.1 KB per user membership, since the app's id is long here.
  expect(log!.read_units).toBeLessThan(110);
}, 60_000);

test('a hundred users who join one group at once all get in, although their transactions conflict', async () => {
  const given = await Given.app(await worldInProcess());
  given.conflicts = true;
  const owner = await given.user('owner');
  const people = await given.users(100);
  const group_id = await given.group(owner, { approval: 0 });
  const answers = await given.race(
    ...people.map((one) => () => one.insists('POST /group/apply', { group_id, reason: '' })),
  );
  expect(answers.map(({ outcome }) => outcome)).toEqual(people.map(() => 'success'));
  expect(await owner.lists('GET /group/member_list', { group_id })).toHaveLength(101);
  expect(await given.problems()).toEqual([]);
}, 90_000);

/** `CLEANED=5000 npx vitest run --project parts test/scale` shows how long the members of such a group take. */
const CLEANED = Number(process.env.CLEANED ?? 1000);

test('the members of a dissolved group are cleaned up by many runs that end early', async () => {
  const given = await Given.app(await worldInProcess());
  const owner = await given.user('owner');
  const group_id = await given.group(owner);
  await fill(given, group_id, CLEANED);
  await owner.does('POST /group/destroy', { group_id });
  const [key] = await jobsOf(given.world.table, given.app);
  const started = performance.now();
  let runs = 0;
  while (await given.db.read(jobOf(key!))) {
    // So little time is left that each run stops after the first of its pages.
    await deliver([key!], 0);
    runs++;
  }
  const seconds = (performance.now() - started) / 1000;
  if (process.env.CLEANED) console.log(`${CLEANED} members in ${runs} runs and ${seconds.toFixed(1)} s`);
  expect(runs).toBeGreaterThan(CLEANED / 330);
  expect(await given.db.read(peopleOf(given.app, group_id, 1))).toEqual([]);
}, 180_000);
