import { describe, expect, test } from 'vitest';
import { directoryCountsOf } from '../../../shared/data/directory-count-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { putUser } from '../../../shared/data/user-repo.ts';
import { codeOf } from '../../support/api.ts';
import { putAll } from '../../support/database.ts';
import { userId } from '../../support/ids.ts';
import { doJobs, jobsEnded } from '../../support/jobs.ts';
import { Given, inBothWorlds, leftBy, PASSWORD } from '../../support/story.ts';
import { worldInProcess } from '../../support/world.ts';

interface Listed {
  user_id: number;
  username: string;
  status: number;
}
const ids = (listed: Listed[]) => listed.map(({ user_id }) => user_id);
const COUNT = 10_000;
const SINCE = 1_700_000_000_000;
const idOf = (n: number) => userId(1_000_000 + ((n * 7919) % COUNT));

/** Writes all users at once, without items for their names. */
async function seed(given: Given) {
  const items = Array.from({ length: COUNT }, (_, n) => {
    const user = idOf(n);
    const record = { user, status: 'active', username: `user_${n}`, epoch: 0, confirm: false, joined: 0, owned: 0 };
    return [
      { ...schema.user.key(given.app, user), ...record, createdAt: SINCE + n },
      schema.directoryEntry.key(given.app, SINCE + n, user),
    ];
  }).flat();
  await putAll(given.world.table, items);
}

inBothWorlds('The list of all users', (story) => {
  story('users are listed in the order of registration, by page number or by cursor', async (given) => {
    const registered: number[] = [];
    for (const username of ['zoe', 'adam', 'mia']) {
      const { user_id } = await given.nobody.does('POST /user/register/v2', { username, password: PASSWORD });
      registered.push(user_id);
    }
    const [zoe, adam, mia] = registered as [number, number, number];
    const admin = given.admin();
    expect(await admin.does('GET /user/list')).toEqual([
      { user_id: zoe, username: 'zoe', status: 0 },
      { user_id: adam, username: 'adam', status: 0 },
      { user_id: mia, username: 'mia', status: 0 },
    ]);
    const page = async (page_num: unknown, page_size: unknown) =>
      ids(await admin.does('GET /user/list', { page_num, page_size }));
    expect([await page(1, 2), await page('2', 2), await page(3, 2), await page(2 ** 31 - 1, 500)]).toEqual([
      [zoe, adam],
      [mia],
      [],
      [],
    ]);
    expect(ids(await admin.lists('GET /user/list', { page_size: 1 }))).toEqual(registered);
    await admin.does('PUT /user/disable', { list: [adam] });
    await given.admin({ user: zoe }).does('POST /user/delete');
    expect(await admin.does('GET /user/list')).toEqual([
      { user_id: adam, username: 'adam', status: 1 },
      { user_id: mia, username: 'mia', status: 0 },
    ]);
    for (const wrong of [
      { page_num: 0 },
      { page_size: 0 },
      { page_size: 501 },
      { page_num: 'x' },
      { cursor: 'x' },
      { cursor: 'x', page_num: 1e6 },
    ]) {
      const [name] = Object.keys(wrong);
      const { body } = await admin.asks('GET /user/list', wrong);
      expect(body).toMatchObject({ code: codeOf('badParameter'), message: expect.stringMatching(`^${name}: `) });
    }
    // A cursor is valid for this list, this app and this caller.
    const { body } = await admin.asks('GET /user/list', { page_size: 1 });
    const { cursor } = body;
    expect(await given.admin({ user: mia }).fails('GET /user/list', { cursor })).toBe('badParameter');
    const foreign = await given.otherApp();
    expect(await foreign.admin().fails('GET /user/list', { cursor })).toBe('badParameter');
    // Two calls for a far page make counts and keep them, and the job of a deletion keeps them right.
    const earlier = Array.from({ length: 900 }, (_, n) => {
      const record = { status: 'active' as const, epoch: 0, confirm: false, joined: 0, owned: 0, createdAt: SINCE + n };
      return putUser(given.app, { user: idOf(n), username: `early_${n}`, ...record });
    });
    await putAll(given.world.table, leftBy(earlier.flat()));
    const far = { page_num: 451, page_size: 2 };
    expect(ids(await admin.does('GET /user/list', far))).toEqual([adam, mia]);
    expect(ids(await admin.does('GET /user/list', far))).toEqual([adam, mia]);
    const counted = () => given.db.read(directoryCountsOf(given.app)).then(({ parts }) => parts[0]?.blocks[0]?.[1]);
    const count = (await counted())!;
    expect(count).toBeGreaterThanOrEqual(600);
    await given.admin({ user: idOf(5) }).does('POST /user/delete');
    if (given.world.conflicts) await doJobs(given);
    await jobsEnded(given);
    expect(await counted()).toBe(count - 1);
    expect(ids(await admin.does('GET /user/list', far))).toEqual([mia]);
  });
});

describe('The list of 10,000 users', () => {
  test('pages by number cost the same wherever they are, and a walk misses nobody while others come and go', async () => {
    const given = await Given.app(await worldInProcess());
    await seed(given);
    const admin = given.admin();
    // From here on the instance has cached the app's record.
    await admin.does('GET /user/list', { page_size: 1 });
    let units: Record<number, number | undefined> = {};
    // The first two rounds make the blocks and count them.
    for (let round = 1; round <= 3; round++) {
      units = {};
      for (const page_num of [1, 10, 100, 1000]) {
        const { body, log } = await admin.asks('GET /user/list', { page_num, page_size: 10 });
        expect(ids(body.data)).toEqual(Array.from({ length: 10 }, (_, n) => idOf((page_num - 1) * 10 + n)));
        if (round === 3) expect(log?.trips).toBe(page_num < 100 ? 2 : 3);
        units[page_num] = log?.read_units;
      }
    }
    expect(await admin.does('GET /user/list', { page_num: 1001, page_size: 10 })).toEqual([]);
    // As docs/data-model.md has it: 1 for the admin token, 10 for the users, the rest for counts and keys.
    expect(units).toEqual({ 1: 12, 10: 13, 100: 16, 1000: 16 });

    const gone = new Set<number>();
    const come: string[] = [];
    const seen: number[] = [];
    let cursor: string | undefined;
    let page = 0;
    do {
      const deleted = [idOf(page * 500 + 100), idOf(page * 500 + 499), idOf((page * 500 + 700) % COUNT)];
      const [answer] = await Promise.all([
        admin.asks('GET /user/list', { page_size: 500, cursor }),
        ...deleted.filter((id) => !gone.has(id)).map((id) => given.admin({ user: id }).asks('POST /user/delete')),
        page % 5 === 0 && given.user('late').then(({ username }) => come.push(username)),
      ]);
      for (const id of deleted) gone.add(id);
      expect(answer.outcome).toBe('success');
      seen.push(...ids(answer.body.data));
      cursor = answer.body.cursor;
      page++;
    } while (cursor);
    expect(new Set(seen).size).toBe(seen.length);
    const stayed = Array.from({ length: COUNT }, (_, n) => idOf(n)).filter((id) => !gone.has(id));
    const there = new Set<number>(stayed);
    expect(seen.filter((id) => there.has(id))).toEqual(stayed);
    const last = await admin.lists('GET /user/list', { page_size: 500 });
    expect(last).toHaveLength(COUNT - gone.size + come.length);
    expect(ids(last).some((id) => gone.has(id))).toBe(false);
  }, 90_000);
});
