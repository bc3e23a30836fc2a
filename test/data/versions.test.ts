import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { migrate } from '../../infra/ops/migrate.ts';
import { transact } from '../../shared/call/transact.ts';
import { Database } from '../../shared/data/database.ts';
import { entity } from '../../shared/data/entity.ts';
import { equal } from '../../shared/data/expression.ts';
import { getItem, prefix } from '../../shared/data/read.ts';
import { put, update } from '../../shared/data/step.ts';
import { CHANGED, current } from '../../shared/data/versions.ts';
import { Unavailable } from '../../shared/errors.ts';
import { newTable } from '../support/database.ts';
import { appId, userId } from '../support/ids.ts';
import { watched } from '../support/watched-client.ts';

/** A kind of items whose second shape holds a list of tags where the first had a text, and whose third counts them. */
const notes = entity({
  pk: 'Z#{app}',
  sk: 'N#{user}',
  version: 3,
  upgrades: {
    1: ({ text, ...rest }) => ({ ...rest, tags: String(text).split(',') }),
    2: (item) => ({ ...item, count: (item.tags as string[]).length }),
  },
});
const key = (user: number) => notes.key(appId('shop'), userId(user));

let table: Awaited<ReturnType<typeof newTable>>;
beforeEach(async () => {
  table = await newTable();
  CHANGED.push(notes);
});
afterEach(() => void CHANGED.pop());

const open = () => new Database(table.client, table.name);
const store = (item: object) => table.client.send(new PutCommand({ TableName: table.name, Item: item }));
const stored = async (user: number) =>
  (await table.client.send(new GetCommand({ TableName: table.name, Key: key(user), ConsistentRead: true }))).Item;
const runMigration = async () => {
  let last = { read: 0, rewritten: 0 };
  for await (last of migrate(table, 10_000));
  return last;
};

test('an item of the first shape is read in the shape of today, by its key and in a list', async () => {
  await store({ ...key(1), text: 'a,b' });
  await store({ ...key(2), tags: ['c'], v: 2 });
  const one = { ...key(1), tags: ['a', 'b'], count: 2, v: 3 };
  expect(await open().read(getItem(key(1)))).toEqual(one);
  const list = {
    query: { partition: 'Z#shop', between: prefix('N#') },
    parse: ({ items }: { items: object[] }) => items,
  };
  expect(await open().read(list)).toEqual([one, { ...key(2), tags: ['c'], count: 1, v: 3 }]);
});

test('an item that is put or updated carries the number of its shape, and one of another kind does not', async () => {
  await open().write([put(key(1), { tags: [], count: 0 })]);
  await open().write([update(key(2), { set: { count: 0 } })]);
  await open().write([put({ pk: 'Z#shop', sk: 'other' }, { a: 1 })]);
  expect(await open().read([getItem(key(1)), getItem(key(2)), getItem({ pk: 'Z#shop', sk: 'other' })])).toMatchObject([
    { v: 3 },
    { v: 3 },
    expect.not.objectContaining({ v: expect.anything() }),
  ]);
});

test('a migration rewrites items of older shapes once, and nothing else', async () => {
  for (let user = 1; user <= 30; user++) await store({ ...key(user), text: `tag ${user}` });
  await store({ pk: 'Z#shop', sk: 'other', text: 'x' });
  expect(await runMigration()).toEqual({ read: 31, rewritten: 30 });
  expect(await stored(30)).toEqual({ ...key(30), tags: ['tag 30'], count: 1, v: 3 });
  expect(await runMigration()).toEqual({ read: 31, rewritten: 0 });
});

test('a migration loses nothing that a call writes at the same time', async () => {
  await store({ ...key(1), text: 'a' });
  let met = false;
  const client = watched(table.client, async (command, send) => {
    if (command instanceof UpdateCommand && !met) {
      met = true;
      await open().write([put(key(1), { tags: ['b', 'c'], count: 2 })]);
    }
    return send();
  });
  for await (const _ of migrate({ ...table, client }, 10_000));
  expect(met).toBe(true);
  expect(await open().read(getItem(key(1)))).toEqual({ ...key(1), tags: ['b', 'c'], count: 2, v: 3 });
});

test('an update of an item of an older shape loses nothing: it is refused, and succeeds once the item is upgraded', async () => {
  await store({ ...key(1), text: 'a,b', likes: 1 });
  const db = open();
  const like = update(key(1), { add: { likes: 1 } });
  expect(await db.write([like])).toBe(false);
  expect(await db.write([like])).toBe(true);
  expect(await stored(1)).toEqual({ ...key(1), tags: ['a', 'b'], count: 2, likes: 2, v: 3 });
});

test('a decision on an item of an older shape is made again and written', async () => {
  await store({ ...key(1), text: 'a' });
  const reads = { one: getItem<{ count: number }>(key(1)) };
  const db = open();
  await db.read(reads);
  const count = await transact(db, reads, ({ one }) => ({
    steps: [update(key(1), { set: { count: (one?.count ?? 0) + 1 } }, equal('count', one?.count ?? 0))],
    answer: () => (one?.count ?? 0) + 1,
  }));
  expect(count).toBe(2);
  expect(await open().read(reads.one)).toEqual({ ...key(1), tags: ['a'], count: 2, v: 3 });
});

test('an item that a later release has written is answered with 503, also by a release that knows no versions', () => {
  expect(() => current({ ...key(1), v: 4 })).toThrow(Unavailable);
  CHANGED.pop();
  expect(() => current({ ...key(1), v: 2 })).toThrow(Unavailable);
  CHANGED.push(notes);
});
