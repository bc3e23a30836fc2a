import { afterEach, expect, test, vi } from 'vitest';
import type { Database } from '../../../shared/data/database.ts';
import { directoryCountsOf } from '../../../shared/data/directory-count-repo.ts';
import * as schema from '../../../shared/data/schema.ts';
import { DIRECTORY_BEGIN, directoryOf, userOf } from '../../../shared/data/user-repo.ts';
import { importLines } from '../../../shared/domain/app/import.ts';
import { recount } from '../../../shared/domain/app/recount.ts';
import { countWithout } from '../../../shared/domain/background/directory-counts.ts';
import { DirectoryBlocks } from '../../../shared/domain/user/directory-counts.ts';
import type { UserId } from '../../../shared/ids.ts';
import { putAll } from '../../support/database.ts';
import { userId } from '../../support/ids.ts';
import { doJobs } from '../../support/jobs.ts';
import { Given } from '../../support/story.ts';
import { worldInProcess } from '../../support/world.ts';

const COUNT = 2000;
const SINCE = 1_700_000_000_000;
const MINUTE = 60_000;
/** No prefix of another. */
const idOf = (n: number) => userId(1_000_000 + n);

/** An app whose users have registered: when the first did, and how long after each the next. @param apart ms */
async function seeded({ since = SINCE, apart = 1000, count = COUNT } = {}) {
  const given = await Given.app(await worldInProcess());
  const users = Array.from({ length: count }, (_, n) => ({ user: idOf(n), createdAt: since + n * apart }));
  const record = { status: 'active', epoch: 0, confirm: false, joined: 0, owned: 0 };
  await putAll(
    given.world.table,
    users.flatMap(({ user, createdAt }) => [
      { ...schema.user.key(given.app, user), ...record, user, username: `user_${user}`, createdAt },
      schema.directoryEntry.key(given.app, createdAt, user),
    ]),
  );
  // From here on the instance has cached the app's record.
  await given.admin().does('GET /user/list', { page_size: 1 });
  return { given, all: users.map(({ user }) => user) };
}

/** A page of ten by its number, with what it has cost. */
async function page(given: Given, page_num: number) {
  const { body, log } = await given.admin().asks('GET /user/list', { page_num, page_size: 10 });
  const ids = (body.data as { user_id: UserId }[]).map(({ user_id }) => user_id);
  return { ids, read: log!.read_units, written: log!.write_units, trips: log!.trips };
}

/** Some pages by number are as the users are. */
async function expectPages(given: Given, all: readonly UserId[]) {
  for (const number of [1, 90, 101, 124, 151, Math.ceil(all.length / 10), 1000])
    expect((await page(given, number)).ids, `page ${number}`).toEqual(all.slice((number - 1) * 10, number * 10));
}

const blocksOf = async (given: Given) =>
  (await given.db.read(directoryCountsOf(given.app))).parts.flatMap(({ blocks }) => blocks);

/** Makes the blocks, and counts them. */
async function counted(given: Given) {
  await page(given, COUNT / 10);
  await page(given, COUNT / 10);
  const blocks = await blocksOf(given);
  expect(blocks.length).toBeGreaterThanOrEqual(2);
  expect(blocks.every(([, count]) => count !== null)).toBe(true);
  return blocks;
}

/** A view of the table that does something else between what it has read and its first write. */
function meanwhile(given: Given, act: () => Promise<unknown>): Database {
  const { db } = given;
  const write = db.write.bind(db);
  let acted: Promise<unknown> | undefined;
  db.beside = () => db;
  db.write = async (steps) => {
    acted ??= act();
    await acted;
    return write(steps);
  };
  return db;
}

const remove = async (given: Given, ...users: UserId[]) => {
  for (const user of users) await given.admin({ user }).does('POST /user/delete');
};

afterEach(() => void vi.useRealTimers());

test('a page costs the same wherever it is, once two others have made and counted the blocks, and a deletion corrects them', async () => {
  const { given, all } = await seeded();
  const last = COUNT / 10;
  const [made, counts, cheap] = [await page(given, last), await page(given, last), await page(given, last)];
  expect([made, counts, cheap].map(({ ids }) => ids)).toEqual(Array(3).fill(all.slice(-10)));
  expect([made.written, counts.written, cheap.written]).toEqual([1, 1, 0]);
  expect(made.read).toBeGreaterThan(40);
  expect(cheap.trips).toBe(3);
  for (const number of [90, 151, last]) {
    const { read, written } = await page(given, number);
    expect({ number, written }).toEqual({ number, written: 0 });
    expect(read, `page ${number}`).toBeLessThanOrEqual(26);
  }
  // Ends of blocks are between users, and name none.
  const blocks = await blocksOf(given);
  for (const [end, count] of blocks) {
    expect(count).toBeGreaterThanOrEqual(600);
    expect(end.length).toBeLessThan(12);
  }

  // A deletion counts its block again, however often its job runs, and only that one.
  const before = blocks;
  const gone = [all[0]!, all[1000]!, all[1001]!];
  await remove(given, ...gone);
  await doJobs(given);
  await countWithout(given.db, given.app, gone[1]!);
  const left = all.filter((user) => !gone.includes(user));
  await expectPages(given, left);
  const after = await blocksOf(given);
  expect(after.map(([end]) => end)).toEqual(before.map(([end]) => end));
  expect(before.map(([, count], n) => count! - after[n]![1]!)).toEqual(before.map((_, n) => [1, 2][n] ?? 0));
  // By page number as by cursor.
  const walked: UserId[] = [];
  let cursor: string | undefined;
  do {
    const { body } = await given.admin().asks('GET /user/list', { page_size: 500, cursor });
    walked.push(...body.data.map(({ user_id }: { user_id: UserId }) => user_id));
    cursor = body.cursor;
  } while (cursor);
  expect(walked).toEqual(left);
});

test('a count that a deletion has overtaken is not kept: not of a block that was counted, nor of one that was not', async () => {
  const { given, all } = await seeded();
  const { app } = given;
  const read = () => given.db.read(directoryCountsOf(app));
  const goes = async (user: UserId) => {
    await remove(given, user);
    await doJobs(given);
  };
  // Blocks are made of what was read before somebody went.
  const entries = await given.db.read(directoryOf(app, { from: DIRECTORY_BEGIN }));
  await new DirectoryBlocks(
    meanwhile(given, () => goes(all[100]!)),
    app,
    await read(),
  ).add(entries, Date.now());
  const made = await blocksOf(given);
  expect(made.map(([, count]) => count)).toEqual(made.map(() => null));
  // Somebody goes while they are counted.
  const counting = new DirectoryBlocks(
    meanwhile(given, () => goes(all[200]!)),
    app,
    await read(),
  );
  await counting.count(counting.all());
  const [first, ...others] = await blocksOf(given);
  expect(others.map(([, count]) => count)).toEqual(others.map(() => null));
  expect(first![1]).toBeGreaterThan(500);
  // Two of one block go at the same time.
  const [one, other] = [all[1000]!, all[1001]!];
  await remove(given, one);
  await countWithout(
    meanwhile(given, () => goes(other)),
    app,
    one,
  );
  await doJobs(given);
  const gone = [all[100]!, all[200]!, one, other];
  await counted(given);
  await expectPages(
    given,
    all.filter((user) => !gone.includes(user)),
  );
});

test('users of an import are where they registered, at once and when the import is over', async () => {
  const { given, all } = await seeded();
  await counted(given);
  const now = Date.now();
  const at = 1234;
  const lines = [1, 2].map((n) => ({
    line: {
      kind: 'user' as const,
      user_id: idOf(COUNT + n),
      username: `early_${n}`,
      created_at: SINCE + at * 1000 + n,
    },
    number: n,
  }));
  // A call that has counted before the import keeps nothing of it.
  await remove(given, all[1300]!);
  const imports = async () =>
    expect(await importLines(() => given.db, given.record, lines)).toEqual(['written', 'written']);
  await countWithout(meanwhile(given, imports), given.app, all[1300]!);
  const together = all.filter((_, n) => n !== 1300).toSpliced(at + 1, 0, idOf(COUNT + 1), idOf(COUNT + 2));
  await expectPages(given, together);
  expect(await blocksOf(given)).toEqual([]);
  vi.useFakeTimers({ toFake: ['Date'], now: now + 11 * MINUTE });
  await counted(given);
  await expectPages(given, together);
  // So do operators who count again: for instance after somebody has written items of the table without the service.
  await given.db.write([{ key: schema.directoryEntry.key(given.app, SINCE, all[0]!), action: 'delete' }]);
  await recount(given.world.table, given.app, ['users']);
  await expectPages(given, together.slice(1));
});

test('no block holds the last minute, whose users may still come in between, nor ends with the id of a user', async () => {
  vi.useFakeTimers({ toFake: ['Date'] });
  const now = Date.now();
  const { given, all } = await seeded({ since: now - 1000, apart: 1 });
  await page(given, COUNT / 10);
  expect(await blocksOf(given)).toEqual([]);
  // The first 1,500 users have registered a minute before.
  const later = now + 60_500;
  vi.setSystemTime(later);
  await page(given, COUNT / 10);
  await page(given, COUNT / 10);
  expect((await blocksOf(given)).length).toBeGreaterThanOrEqual(1);
  // The registration of the next one began then, too.
  const slow = idOf(COUNT + 1);
  await putAll(given.world.table, [
    Object.assign({}, await given.db.read(userOf(given.app, all[0]!)), schema.user.key(given.app, slow), {
      user: slow,
    }),
    schema.directoryEntry.key(given.app, later - MINUTE, slow),
  ]);
  await expectPages(given, all.toSpliced(1501, 0, slow));

  const same = await seeded({ apart: 0 });
  await counted(same.given);
  await expectPages(same.given, same.all);
  for (const [end] of await blocksOf(same.given)) expect(same.all).not.toContain(Number(end.split('#')[1]));
});
