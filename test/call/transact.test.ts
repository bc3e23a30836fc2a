import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { type BatchPlan, transact, transactEach } from '../../shared/call/transact.ts';
import type { Database } from '../../shared/data/database.ts';
import { getItem } from '../../shared/data/read.ts';
import { type Step, update } from '../../shared/data/step.ts';
import { ApiError, Unavailable } from '../../shared/errors.ts';

const step = (n: number, of = 0): Step => update({ pk: `${n}`, sk: `${of}` }, { set: { n } });
const steps = (n: number, count: number) => Array.from({ length: count }, (_, of) => step(n, of));
const reads = { total: getItem<{ n: number }>({ pk: 'total', sk: '#' }) };
type Records = { total: { n: number } | undefined };

/**
 * A table that refuses the writes whose turn is named; what the failed conditions find then may have changed, and what
 * is found when all is read once more.
 */
function tableThat({
  refuses = [],
  meanwhile = () => {},
  reread = () => {},
}: {
  refuses?: number[];
  meanwhile?: () => void;
  reread?: () => void;
} = {}) {
  const state: Records = { total: { n: 0 } };
  const written: Step[][] = [];
  let turn = 0;
  const db = {
    records: () => ({ ...state }),
    load: async () => reread(),
    write: vi.fn(async (given: Step[]) => {
      if (refuses.includes(++turn)) {
        meanwhile();
        return false;
      }
      if (given.length > 0) written.push(given);
      return true;
    }),
  };
  const find = (total: Records['total']) => {
    state.total = total;
  };
  return { db: db as unknown as Database, find, written, write: db.write };
}

const groupFull = () => new ApiError('groupFull');

test('a decision is made again on the records that a failed condition shows', async () => {
  const table = tableThat({ refuses: [1], meanwhile: () => table.find({ n: 5 }) });
  const answer = await transact(table.db, reads, ({ total }) => ({ steps: [step(total!.n)], answer: () => total!.n }));
  expect(answer).toBe(5);
  expect(table.written).toEqual([[step(5)]]);
});

test('a decision that is made again may refuse what it would have done before', async () => {
  const table = tableThat({ refuses: [1], meanwhile: () => table.find(undefined) });
  const decide = ({ total }: Records) => {
    if (!total) throw new ApiError('groupMissing');
    return { steps: [step(1)], answer: () => true };
  };
  await expect(transact(table.db, reads, decide)).rejects.toMatchObject({ name: 'groupMissing' });
  expect(table.written).toEqual([]);
});

test('after a lost race a decision refuses only what the reread records refuse', async () => {
  const decide = ({ total }: Records) => {
    if (!total?.n) throw new ApiError(total ? 'groupFull' : 'groupMissing');
    return { steps: [step(total.n)], answer: () => total.n };
  };
  for (const [found, outcome] of [
    [undefined, { name: 'groupMissing' }],
    [{ n: 0 }, { name: 'groupFull' }],
    [{ n: 7 }, 7],
  ] as const) {
    const table = tableThat({ refuses: [1], meanwhile: () => table.find({ n: 0 }), reread: () => table.find(found) });
    table.find({ n: 1 });
    const settled = transact(table.db, reads, decide);
    if (typeof outcome === 'number') expect(await settled).toBe(outcome);
    else await expect(settled).rejects.toMatchObject(outcome);
  }
});

test('a decision that keeps losing races ends with Unavailable', async () => {
  const table = tableThat({ refuses: Array.from({ length: 99 }, (_, n) => n + 1) });
  const decision = () => ({ steps: [step(1)], answer: () => true });
  await expect(transact(table.db, reads, decision)).rejects.toThrow(Unavailable);
  expect(table.write).toHaveBeenCalledTimes(15);
  const plan: BatchPlan<typeof reads, number> = { permit: () => {}, entry: () => [step(1)], shared: () => [] };
  await expect(transactEach(table.db, reads, [1], plan)).rejects.toThrow(Unavailable);
});

test('entries are written in order, each once, in as few transactions of at most 100 steps as possible', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ size: fc.integer({ min: 0, max: 6 }), refused: fc.boolean() }), { maxLength: 120 }),
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 0, max: 8 }),
      fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
      async (entries, shared, opening, refuses) => {
        const table = tableThat({ refuses });
        const plan: BatchPlan<typeof reads, (typeof entries)[number]> = {
          permit: () => {},
          opening: () => steps(-1, opening),
          entry: (_, { entry, index }) => {
            if (entry.refused) throw groupFull();
            return steps(index, entry.size);
          },
          shared: (_, batch) => (batch.length > 0 ? steps(-2, shared) : []),
        };
        const errors = await transactEach(table.db, reads, entries, plan);
        expect(errors.map((one) => one?.name)).toEqual(
          entries.map(({ refused }) => (refused ? 'groupFull' : undefined)),
        );
        for (const transaction of table.written) {
          expect(transaction.length).toBeLessThanOrEqual(100);
          expect(new Set(transaction.map(({ key }) => `${key.pk}|${key.sk}`)).size).toBe(transaction.length);
        }
        const of = (n: number) => table.written.flatMap((all) => all.filter(({ key }) => key.pk === `${n}`));
        for (const [index, { size, refused }] of entries.entries()) expect(of(index)).toHaveLength(refused ? 0 : size);
        expect(of(-1)).toHaveLength(opening);
        // No transaction could have taken the first entry of the next one.
        for (const [nth, next] of table.written.slice(1).entries())
          expect(
            table.written[nth]!.length + next.filter(({ key }) => key.pk === next.at(-1)!.key.pk).length + 6,
          ).toBeGreaterThan(90);
      },
    ),
    { numRuns: 200 },
  );
});

test('an entry that was refused as groupFull gets in when another entry drops out', async () => {
  // One seat: the first of two is admitted, until the write shows that it is in already.
  const inside = new Set<number>();
  const table = tableThat({ refuses: [1], meanwhile: () => inside.add(1) });
  const plan: BatchPlan<typeof reads, number> = {
    permit: () => {},
    entry: (_, { entry }, batch) => {
      if (inside.has(entry)) throw new ApiError('alreadyMember');
      if (batch.length === 1) throw groupFull();
      return [step(entry)];
    },
    shared: () => [],
  };
  const errors = await transactEach(table.db, reads, [1, 2], plan);
  expect(errors.map((one) => one?.name)).toEqual(['alreadyMember', undefined]);
  expect(table.written).toEqual([[step(2)]]);
});

test('an actor without the right is refused entirely, and one who loses it midway is refused for the remaining entries', async () => {
  const plan = (permitted: (round: number) => boolean): BatchPlan<typeof reads, number> => {
    let round = 0;
    return {
      permit: () => {
        if (!permitted(++round)) throw new ApiError('needsAdmin');
      },
      entry: (_, { index }) => steps(index, 40),
      shared: () => [],
    };
  };
  const before = tableThat();
  await expect(
    transactEach(
      before.db,
      reads,
      [1, 2, 3, 4],
      plan(() => false),
    ),
  ).rejects.toMatchObject({ name: 'needsAdmin' });
  expect(before.written).toEqual([]);
  const after = tableThat();
  const errors = await transactEach(
    after.db,
    reads,
    [1, 2, 3, 4],
    plan((round) => round === 1),
  );
  expect(errors.map((one) => one?.name)).toEqual([undefined, undefined, 'needsAdmin', 'needsAdmin']);
  expect(after.written).toHaveLength(1);
});

test('a fault in one entry fails the call, not just the entry', async () => {
  const plan: BatchPlan<typeof reads, number> = {
    permit: () => {},
    entry: () => {
      throw new TypeError('wrong');
    },
    shared: () => [],
  };
  await expect(transactEach(tableThat().db, reads, [1], plan)).rejects.toThrow(TypeError);
});

test('nothing is written when every entry is refused', async () => {
  const table = tableThat();
  const plan: BatchPlan<typeof reads, number> = {
    permit: () => {},
    entry: () => {
      throw groupFull();
    },
    shared: () => [step(0)],
  };
  expect(await transactEach(table.db, reads, [1, 2], plan)).toHaveLength(2);
  expect(table.written).toEqual([]);
});
