import { describe, expect, test } from 'vitest';
import { Database } from '../../shared/data/database.ts';
import { exists, missing } from '../../shared/data/expression.ts';
import { type Key, leaseKey, queuedKey } from '../../shared/data/keys.ts';
import { getItem, type Item, type Query } from '../../shared/data/read.ts';
import { put, remove, type Step, update } from '../../shared/data/step.ts';
import { stepsOf, sumStep } from '../../shared/data/write-queue.ts';
import { newTable } from '../support/database.ts';

const table = await newTable();
const open = () => new Database(table.client, table.name);
let groups = 0;

/** A counted item of its own for each test. */
async function counted(more: Item = {}): Promise<Key> {
  const key = { pk: `G#app#${++groups}`, sk: '#' };
  await open().write([put(key, { count: 1, status: 'normal', ...more })]);
  return key;
}

const personOf = ({ pk }: Key, nth: number): Key => ({ pk: `${pk}#R`, sk: String(nth) });

/** What a join of the nth person writes. */
const joinOf = (key: Key, nth: number, most = 100): Step[] => [
  sumStep(key, { add: { count: 1 }, equal: { status: 'normal' }, most: { count: most } }),
  put(personOf(key, nth), { nth }, missing),
];

/** Lays the steps into the queue, as a write does that has met others. */
const queue = (db: Database, steps: Step[]) => steps[0]!.queued!(db, steps);

const read = <T = Item>(key: Key) => open().read(getItem<T>(key));
const everythingOf = ({ pk }: Key): Promise<Item[]> => {
  const all: Query<Item[]> = {
    query: { partition: pk.replace('G#', 'Q#'), between: ['!', '~'] },
    parse: ({ items }) => items,
  };
  return open().read(all);
};

describe('The write queue of an item', () => {
  test('queued writes are all done once, and leave nothing in the queue', async () => {
    const key = await counted();
    const outcomes = await Promise.all(Array.from({ length: 30 }, (_, nth) => queue(open(), joinOf(key, nth))));
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    expect(await read(key)).toMatchObject({ count: 31 });
    for (let nth = 0; nth < 30; nth++) expect(await read(personOf(key, nth))).toMatchObject({ nth });
    expect(await everythingOf(key)).toEqual([]);
  });

  test('queued writes are done in their order until the item is full, and the others see that it is full', async () => {
    const key = await counted();
    const dbs = Array.from({ length: 12 }, open);
    const outcomes = [];
    for (const [nth, db] of dbs.entries()) {
      outcomes.push(queue(db, joinOf(key, nth, 6)));
      await new Promise((later) => setTimeout(later, 3));
    }
    expect(await Promise.all(outcomes)).toEqual([...Array(5).fill('done'), ...Array(7).fill('refused')]);
    for (const db of dbs.slice(5)) expect(db.records(getItem(key))).toMatchObject({ count: 6 });
    expect(await everythingOf(key)).toEqual([]);
  });

  test('a queued write whose condition fails does not keep the others from being done', async () => {
    const key = await counted();
    await open().write([put(personOf(key, 1), { nth: 'somebody' })]);
    const dbs = [open(), open(), open()];
    expect(await Promise.all(dbs.map((db, nth) => queue(db, joinOf(key, nth))))).toEqual(['done', 'refused', 'done']);
    expect(dbs[1]!.records(getItem(personOf(key, 1)))).toMatchObject({ nth: 'somebody' });
    expect(dbs[1]!.conflicted).toBe(true);
    expect(await read(key)).toMatchObject({ count: 3 });
  });

  test('a queued write is refused where the item has changed so that it cannot be done', async () => {
    const key = await counted({ status: 'dissolved' });
    const db = open();
    expect(await queue(db, joinOf(key, 1))).toBe('refused');
    expect(db.records(getItem(key))).toMatchObject({ status: 'dissolved' });
    expect(await read(personOf(key, 1))).toBeUndefined();
  });

  test('a queued write is refused where its item, or another item that it needs, is missing', async () => {
    const key = { pk: 'G#app#nowhere', sk: '#' };
    const db = open();
    expect(await queue(db, joinOf(key, 1))).toBe('refused');
    expect(db.records(getItem(key))).toBeUndefined();
    const there = await counted();
    const needs = [...joinOf(there, 1), update({ pk: 'U#app#1', sk: '#' }, { add: { joined: 1 } }, exists)];
    expect(await queue(db, needs)).toBe('refused');
    expect(db.cached(getItem({ pk: 'U#app#1', sk: '#' }))).toEqual({ record: undefined });
  });

  test('of two queued writes for the same person one is done and the other is refused', async () => {
    const key = await counted();
    const outcomes = await Promise.all([1, 1, 2].map((nth) => queue(open(), joinOf(key, nth))));
    expect(outcomes.sort()).toEqual(['done', 'done', 'refused']);
    expect(await read(key)).toMatchObject({ count: 3 });
  });

  test('a queued write is done by another call after the holder of the lease has died', async () => {
    const key = await counted();
    await open().write([put(leaseKey(key), { holder: 'a function that died', expiresAt: Date.now() + 1000 })]);
    const began = Date.now();
    expect(await queue(open(), joinOf(key, 1))).toBe('done');
    expect(Date.now() - began).toBeGreaterThan(900);
  });

  test('a queued write that nobody did within five seconds is withdrawn, and not done afterwards', async () => {
    const key = await counted();
    await open().write([put(leaseKey(key), { holder: 'somebody', expiresAt: Date.now() + 60_000 })]);
    expect(await queue(open(), joinOf(key, 1))).toBe('too late');
    await open().write([remove(leaseKey(key))]);
    expect(await queue(open(), joinOf(key, 2))).toBe('done');
    expect(await read(personOf(key, 1))).toBeUndefined();
    expect(await everythingOf(key)).toEqual([]);
  });

  test('a queued write of a call that was answered long ago is not done any more', async () => {
    const key = await counted();
    const [steps] = await everythingQueued(key);
    await open().write([put(queuedKey(key, Date.now() - 60_000, 'old'), { steps })]);
    expect(await queue(open(), joinOf(key, 2))).toBe('done');
    expect(await read(key)).toMatchObject({ count: 2 });
  });

  /** The steps of a join of person 1 as they lie in the queue. */
  async function everythingQueued(key: Key): Promise<string[]> {
    await open().write([put(leaseKey(key), { holder: 'somebody', expiresAt: Date.now() + 300 })]);
    const waiting = queue(open(), joinOf({ ...key, pk: key.pk }, 1));
    await new Promise((later) => setTimeout(later, 100));
    const found = (await everythingOf(key)).flatMap(({ steps }) => (steps === undefined ? [] : [String(steps)]));
    await waiting;
    await open().write([update(key, { set: { count: 1 } }), remove(personOf(key, 1))]);
    return found;
  }

  /** The answer to the first write of `run` is lost, after what happens meanwhile. */
  async function losingAnswer<T>(
    run: () => Promise<T>,
    meanwhile: () => Promise<unknown> = async () => {},
  ): Promise<T> {
    let lost = false;
    const middleware =
      (next: (args: object) => Promise<object>) =>
      async (args: { input: { Item?: object; TransactItems?: object } }) => {
        const answer = await next(args);
        if (lost || !(args.input.Item ?? args.input.TransactItems)) return answer;
        lost = true;
        await meanwhile();
        throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      };
    table.client.middlewareStack.add(middleware as never, { step: 'initialize', name: 'loses' } as never);
    try {
      return await run();
    } finally {
      table.client.middlewareStack.remove('loses');
    }
  }

  test('a queued write is refused where another call has written the same, although the answer to queueing it was lost', async () => {
    const key = await counted();
    expect(await queue(open(), joinOf(key, 1))).toBe('done');
    expect(await losingAnswer(() => queue(open(), joinOf(key, 1)))).toBe('refused');
    expect(await read(key)).toMatchObject({ count: 2 });
  });

  test('a queued write is done once although it is done before its lost request is sent again', async () => {
    const key = await counted();
    const other = () => queue(open(), joinOf(key, 2));
    expect(await losingAnswer(() => queue(open(), joinOf(key, 1)), other)).toBe('done');
    expect(await read(key)).toMatchObject({ count: 3 });
    expect(await everythingOf(key)).toEqual([]);
  });

  test('a queued write changes the records of its own call once, whichever call writes it', async () => {
    const key = await counted();
    const user = { pk: `U#${key.pk}`, sk: '#' };
    await open().write([put(user, { joined: 0 })]);
    const db = open();
    await db.load([getItem(key), getItem(user)]);
    let conflicts = 0;
    const middleware = (next: (args: object) => Promise<object>) => async (args: object) => {
      if (conflicts++ >= 2) return next(args);
      throw Object.assign(new Error(), {
        name: 'TransactionCanceledException',
        CancellationReasons: [{ Code: 'TransactionConflict' }],
      });
    };
    table.client.middlewareStack.add(middleware as never, { step: 'initialize', name: 'conflicts' } as never);
    try {
      expect(await db.write([...joinOf(key, 1), update(user, { add: { joined: 1 } })])).toBe(true);
    } finally {
      table.client.middlewareStack.remove('conflicts');
    }
    expect(db.records([getItem(key), getItem(user)])).toMatchObject([{ count: 2 }, { joined: 1 }]);
    expect(await open().read([getItem(key), getItem(user)])).toMatchObject([{ count: 2 }, { joined: 1 }]);
  });

  test('steps come out of the queue as they went in', async () => {
    const key = await counted({ ext: 'x' });
    const [steps = ''] = await everythingQueued(key);
    const [sum, join] = stepsOf({ steps });
    expect(sum).toMatchObject({ key, action: 'update', sum: { add: { count: 1 } } });
    expect(join).toMatchObject({ key: personOf(key, 1), action: 'put', item: { nth: 1 } });
  });
});
