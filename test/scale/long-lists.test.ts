import { afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { documentClient } from '../../shared/data/client.ts';
import { NEW_GROUP } from '../../shared/data/group-repo.ts';
import { banOrder, FOR_EVER, type Key, time } from '../../shared/data/keys.ts';
import * as schema from '../../shared/data/schema.ts';
import type { UserId } from '../../shared/ids.ts';
import { putAll } from '../support/database.ts';
import { groupId, userId } from '../support/ids.ts';
import { Given, type Person } from '../support/story.ts';
import { Recorder } from '../support/table-recorder.ts';
import { worldInProcess } from '../support/world.ts';

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

// The clock stands still, so that nothing ends during a test.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

interface Walk {
  // biome-ignore lint/suspicious/noExplicitAny: tests read documented fields
  entries: any[];
  totals: (number | undefined)[];
  /** Read units and round trips of each page. */
  units: number[];
  trips: number[];
}

/** All pages of a list. */
async function walk(who: Person, call: Parameters<Person['asks']>[0], parameters: object): Promise<Walk> {
  const found: Walk = { entries: [], totals: [], units: [], trips: [] };
  let cursor: string | undefined;
  do {
    const { body, log } = await who.asks(call, { ...parameters, cursor });
    expect(body.code, body.message ?? '').toBe(200);
    found.entries.push(...body.data);
    found.totals.push(body.total);
    found.units.push(log!.read_units);
    found.trips.push(log!.trips);
    cursor = body.cursor;
  } while (cursor);
  return found;
}

describe('The list of bans', () => {
  interface Ban {
    user: UserId;
    banned: number;
    until: number;
  }

  async function banAll(bans: readonly Ban[]): Promise<{ alice: Person; group_id: number }> {
    const given = await Given.app(await worldInProcess());
    const alice = await given.user();
    const group_id = await given.group(alice);
    const items = bans.map(({ user, banned, until }) => ({
      ...schema.groupMembership.key(given.app, group_id, user),
      state: 'member',
      role: 0,
      joined: 1,
      lsi1sk: schema.groupMembership.orders.joined(1, 0, user),
      ...{ banned, bannedUntil: until, lsi2sk: banOrder(banned, until, user) },
    }));
    await putAll(given.world.table, items);
    return { alice, group_id };
  }

  const place = ({ banned, user }: Ban) => `${time(banned)}#${user}`;
  const running = (bans: readonly Ban[]) =>
    bans
      .filter(({ until }) => until > Date.now())
      .sort((one, other) => (place(one) < place(other) ? 1 : -1))
      .map(({ user }) => user);
  const users = (entries: { user_id: number }[]) => entries.map(({ user_id }) => user_id);

  /** Some run for ever, some have ended at this moment, some long ago. */
  const mixture = (count: number): Ban[] => {
    const lengths = [1, 3, 10, 60, 1440, 10_080, 43_200, 2_000_000].map((minutes) => minutes * MINUTE);
    return Array.from({ length: count }, (_, n) => {
      const length = lengths[n % lengths.length]!;
      const banned = n % 3 === 0 ? Date.now() - length * (1 - (n % 2) / 2) : Date.now() - n * 60 * MINUTE;
      return { user: userId(1_000_000 + n), banned, until: n % 7 === 0 ? FOR_EVER : banned + length };
    });
  };

  test.each([200, 1500])('of %i bans those that run are listed page by page, newest first', async (count) => {
    const bans = mixture(count);
    const { alice, group_id } = await banAll(bans);
    const expected = running(bans);
    for (const limit of [20, 1000]) {
      const { entries, totals } = await walk(alice, 'GET /group/banned_list', { group_id, limit });
      expect(users(entries)).toEqual(expected);
      expect(new Set(totals)).toEqual(new Set([expected.length]));
    }
  });

  test('a page of bans reads little more than itself, however many bans run and however deep it is', async () => {
    const { alice, group_id } = await banAll(mixture(3000));
    const { units, trips, entries } = await walk(alice, 'GET /group/banned_list', { group_id, limit: 20 });
    expect(entries.length).toBeGreaterThan(1000);
    const [first = 0, ...further] = units;
    // The first page counts what runs.
    expect(first).toBeLessThan(300);
    expect(Math.max(...further)).toBeLessThan(30);
    expect(Math.max(...trips.slice(1))).toBeLessThanOrEqual(4);
  });

  test('a ban costs nothing once it has been over for as long as it ran', async () => {
    const ended = Array.from({ length: 5000 }, (_, n) => {
      const banned = Date.now() - DAY - n;
      return { user: userId(1_000_000 + n), banned, until: banned + DAY / 2 - MINUTE };
    });
    const { alice, group_id } = await banAll([...ended, { user: userId(1), banned: Date.now() - 1, until: FOR_EVER }]);
    // The function holds the app's record from here on.
    await alice.does('GET /group/info', { group_id });
    const { log, body } = await alice.asks('GET /group/banned_list', { group_id });
    expect(body).toMatchObject({ data: [{ user_id: 1 }], total: 1 });
    expect(log).toMatchObject({ read_units: 5, trips: 1 });
  });

  test('a ban that ends while pages are turned is not listed after its end', async () => {
    const bans = Array.from({ length: 1200 }, (_, n) => {
      const banned = Date.now() - n;
      return { user: userId(1_000_000 + n), banned, until: banned + (n % 2 ? 10 : 20) * MINUTE };
    });
    const { alice, group_id } = await banAll(bans);
    const { body } = await alice.asks('GET /group/banned_list', { group_id, limit: 100 });
    expect(users(body.data)).toEqual(running(bans).slice(0, 100));
    vi.setSystemTime(Date.now() + 15 * MINUTE);
    const rest: unknown[] = [];
    let { cursor } = body;
    while (cursor) {
      const next = (await alice.asks('GET /group/banned_list', { group_id, limit: 100, cursor })).body;
      rest.push(...users(next.data));
      cursor = next.cursor;
    }
    expect(rest).toEqual(running(bans).filter((user) => user >= 1_000_100));
    expect(rest).toHaveLength(550);
  });
});

describe('Applications to many groups', () => {
  const GROUPS = 120;
  let given: Given;
  let alice: Person;
  /** Newest first. */
  let made: { group_id: number; applicant_id: number }[];
  const group_list = Array.from({ length: GROUPS }, (_, n) => groupId(2_000_000 + n));

  beforeAll(async () => {
    given = await Given.app(await worldInProcess());
    alice = await given.user();
    const now = Date.now();
    const { app } = given;
    const items: Key[] = group_list.flatMap((group, n) => [
      put(schema.group.key(app, group), {
        ...NEW_GROUP,
        group,
        owner: alice.id,
        type: 0,
        capacity: 9,
        createdAt: now,
        updatedAt: now,
      }),
      put(schema.userMembership.key(app, alice.id, group), {
        role: 2,
        adminSince: now + n,
        lsi3sk: schema.userMembership.orders.administered(now + n, group),
      }),
    ]);
    // One group has many, some have a few, others none.
    const applications = group_list.flatMap((group_id, n) =>
      Array.from({ length: n === 7 ? 700 : n % 3 }, (_, nth) => ({
        group_id,
        applicant_id: userId(3_000_000 + nth),
        at: now - ((n * 7919 + nth * 104_729) % 1_000_003),
      })),
    );
    for (const { group_id, applicant_id, at } of applications) {
      const order = schema.application.orders.newest(at, applicant_id);
      const rest = { reason: '', status: 0, createdAt: at, expiresAt: at + DAY, lsi1sk: order, lsi2sk: order };
      items.push(put(schema.application.key(app, group_id, applicant_id), rest));
    }
    await putAll(given.world.table, items);
    made = applications
      .sort((one, other) => other.at - one.at || other.group_id - one.group_id)
      .map(({ group_id, applicant_id }) => ({ group_id, applicant_id }));
  });

  const put = (key: Key, attributes: object): Key => ({ ...key, ...attributes });

  test('applications to 120 groups are listed page by page, newest first, and counted once', async () => {
    for (const limit of [100, 1000]) {
      const { entries, totals } = await walk(alice, 'POST /group/application_list', { group_list, limit });
      expect(entries.map(({ group_id, applicant_id }) => ({ group_id, applicant_id }))).toEqual(made);
      expect(new Set(totals)).toEqual(new Set([made.length]));
    }
  });

  test('applications are read by at most 25 Queries at once, and hardly more are read than shown', async () => {
    const recorder = new Recorder(documentClient(), given.world.table);
    const { requests, answer } = await recorder.record(() =>
      alice.asks('POST /group/application_list', { group_list, limit: 1000 }),
    );
    expect(answer.body.data).toHaveLength(made.length);
    const queries = requests.filter(({ command }) => command === 'QueryCommand');
    const waves = Map.groupBy(queries, ({ wave }) => wave);
    expect(Math.max(...[...waves.values()].map(({ length }) => length))).toBe(25);
    const read = queries.reduce((sum, { output }) => sum + (output.Items?.length ?? 0), 0);
    // The groups themselves are looked up by the first Query.
    expect(read - GROUPS).toBeLessThan(made.length * 1.1);
    // A page of few looks at the beginning of each group only, at ten of the seven hundred.
    const small = await recorder.record(() => alice.asks('POST /group/application_list', { group_list, limit: 5 }));
    const itemsRead = small.requests.reduce((sum, { output }) => sum + (output.Items?.length ?? 0), 0);
    expect(itemsRead - GROUPS).toBe(made.length - 700 + 10);
  });
});
