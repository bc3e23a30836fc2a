import { expect, test } from 'vitest';
import * as schema from '../../shared/data/schema.ts';
import { putAll } from '../support/database.ts';
import { userId } from '../support/ids.ts';
import { Given } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';

const ids = (listed: { user_id: number }[]) => listed.map(({ user_id }) => user_id);
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

test('among 10,000 users, pages by number cost the same wherever they are, and a walk misses nobody while others come and go', async () => {
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
