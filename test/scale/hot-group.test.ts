import { afterEach, expect, test, vi } from 'vitest';
import { Given } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';

/** Milliseconds for which a transaction keeps its items from others. */
const HELD = 20;

/** The clock goes at a quarter of its pace: a loaded machine would use up five seconds without a chance to write. */
const SLOWER = 4;

afterEach(() => void vi.restoreAllMocks());

test.for([
  { people: 200, capacity: 2000 },
  { people: 120, capacity: 61 },
])(
  'a group of $capacity that $people people join at once fills up, and the rest are answered groupFull',
  async ({ people, capacity }) => {
    const world = await worldInProcess();
    const given = await Given.app(world, { group_capacity: capacity });
    const owner = await given.user();
    const group_id = await given.group(owner, { approval: 0, capacity });
    const crowd = await given.users(people);
    await Promise.all(crowd.map((who) => who.does('GET /user/push/tag')));
    world.conflicts.on = true;
    world.conflicts.held = HELD;
    const began = performance.now();
    const now = Date.now();
    vi.spyOn(Date, 'now').mockImplementation(() => Math.round(now + (performance.now() - began) / SLOWER));
    const answers = await Promise.all(crowd.map((who) => who.asks('POST /group/apply', { group_id, reason: '' })));
    const ms = Math.round(performance.now() - began);
    world.conflicts.on = false;
    const joined = Math.min(people, capacity - 1);
    const outcomes = answers.map(({ outcome }) => outcome);
    expect(outcomes.filter((one) => one === 'success')).toHaveLength(joined);
    expect(outcomes.filter((one) => one === 'groupFull')).toHaveLength(people - joined);
    const { count } = await owner.does('GET /group/info', { group_id });
    expect(count).toBe(joined + 1);
    expect(await given.problems()).toEqual([]);
    const total = (name: 'requests' | 'read_units' | 'write_units') =>
      answers.reduce((sum, { log }) => sum + log![name], 0);
    console.log(
      `${people} joins in ${ms} ms, ${world.conflicts.seen} conflicts; a join took ${total('requests') / people} requests, ${total('read_units') / people} read and ${total('write_units') / people} write units`,
    );
  },
);
