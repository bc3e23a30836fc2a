import { afterEach, expect, test, vi } from 'vitest';
import * as schema from '../../shared/data/schema.ts';
import { importLines } from '../../shared/domain/app/import.ts';
import type { UserId } from '../../shared/ids.ts';
import { putAll } from '../support/database.ts';
import { userId } from '../support/ids.ts';
import { doJobs } from '../support/jobs.ts';
import { Given } from '../support/story.ts';
import { worldInProcess } from '../support/world.ts';

const COUNT = 100_000;
const SINCE = 1_700_000_000_000;
const SIZE = 10;
const PAGES = [1, 60, 100, 101, 777, 2500, 4999, 5000, 7321, 9000, 9999, 10_000];

afterEach(() => void vi.useRealTimers());

test('among 100,000 users, a page of ten by its number costs at most 26 read units, and is right after deletions and imports', async () => {
  const given = await Given.app(await worldInProcess());
  const admin = given.admin();
  // Some register at the same time, a day or a second after others: ids do not ascend.
  const users = Array.from({ length: COUNT }, (_, n) => ({
    user: userId(1_000_000 + ((n * 7919) % COUNT)),
    createdAt: SINCE + Math.floor(n / 3) * 1000 + Math.floor(n / 5000) * 86_400_000,
  }));
  await putAll(
    given.world.table,
    users.map(({ user, createdAt }) => schema.directoryEntry.key(given.app, createdAt, user)),
  );
  const key = ({ createdAt, user }: (typeof users)[number]) =>
    schema.directoryEntry.key(given.app, createdAt, user as UserId).sk;
  let all = users.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
  const record = { status: 'active', epoch: 0, confirm: false, joined: 0, owned: 0 };
  // The pages that are looked at, and their neighbours.
  const near = (numbers: readonly number[]) =>
    numbers.flatMap((number) => all.slice((number - 2) * SIZE, (number + 1) * SIZE));
  await putAll(
    given.world.table,
    [...new Set([...all.slice(0, 2 * SIZE), ...near(PAGES.slice(1))])].map(({ user, createdAt }) => ({
      ...schema.user.key(given.app, user),
      ...{ ...record, user, username: `user_${user}`, createdAt },
    })),
  );
  await admin.does('GET /user/list', { page_size: 1 });

  const page = async (page_num: number) => {
    const { body, log } = await admin.asks('GET /user/list', { page_num, page_size: SIZE });
    expect(
      body.data.map(({ user_id }: { user_id: UserId }) => user_id),
      `page ${page_num}`,
    ).toEqual(all.slice((page_num - 1) * SIZE, page_num * SIZE).map(({ user }) => user));
    return { read: log!.read_units, written: log!.write_units, trips: log!.trips };
  };
  /** The costs of the pages, at most. */
  const most = async () => {
    const costs = [];
    for (const number of PAGES) costs.push(await page(number));
    return {
      read: Math.max(...costs.map(({ read }) => read)),
      written: Math.max(...costs.map(({ written }) => written)),
      trips: Math.max(...costs.map(({ trips }) => trips)),
    };
  };
  const [made, counted] = [await page(COUNT / SIZE), await page(COUNT / SIZE)];
  const cheap = await most();
  // As docs/data-model.md has it.
  expect(made.read + counted.read).toBeLessThan(3400);
  expect(cheap.read).toBeLessThanOrEqual(26);
  expect(cheap).toMatchObject({ written: 0, trips: 3 });

  const gone = [all[5]!, all[24_995]!, all[24_996]!, all[49_985]!];
  for (const { user } of gone) await given.admin({ user }).does('POST /user/delete');
  await doJobs(given);
  all = all.filter((user) => !gone.includes(user));
  expect((await most()).read).toBeLessThanOrEqual(26);

  const early = { user: userId(9_000_000), createdAt: all[24_990]!.createdAt };
  const line = { kind: 'user' as const, user_id: early.user, username: 'early', created_at: early.createdAt };
  expect(await importLines(() => given.db, given.record, [{ line, number: 1 }])).toEqual(['written']);
  all = [...all, early].sort((one, other) => (key(one) < key(other) ? -1 : 1));
  await page(2500);
  // The import is over, and two calls have counted again.
  vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 15 * 60_000 });
  await page(COUNT / SIZE);
  await page(COUNT / SIZE);
  expect((await most()).read).toBeLessThanOrEqual(26);
}, 600_000);
