import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nextId, type Outcome, play } from './history.ts';

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async (ms: number) => (await import('./scheduler.ts')).pause(ms),
}));

vi.mock('../../shared/domain/ids.ts', () => ({ newId: () => nextId() }));

/** How many histories, and from which seed on: see `npm run test:invariants`. */
const RUNS = Number(process.env.INVARIANT_RUNS ?? 8);
const SEED = Number(process.env.INVARIANT_SEED ?? 1);

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

/** Half of the histories without faults, so that every wrong answer shows; half with them. */
const histories = async (seed: number, runs: number): Promise<Outcome> => {
  const all: Outcome = { violations: [], calls: 0, requests: 0, faults: {}, codes: {} };
  for (let nth = 0; nth < runs; nth++) {
    const one = await play({ seed: seed + nth, faults: (seed + nth) % 2 === 0 });
    all.calls += one.calls;
    all.requests += one.requests;
    for (const [name, count] of Object.entries(one.faults)) all.faults[name] = (all.faults[name] ?? 0) + count;
    for (const [op, codes] of Object.entries(one.codes)) {
      all.codes[op] ??= {};
      const sums = all.codes[op]!;
      for (const [code, count] of Object.entries(codes)) sums[Number(code)] = (sums[Number(code)] ?? 0) + count;
    }
    all.violations.push(...one.violations.map((violation) => `seed ${seed + nth}: ${violation}`));
  }
  return all;
};

test(`${RUNS} random histories from seed ${SEED} keep every law`, { timeout: 60_000 + RUNS * 10_000 }, async () => {
  const started = performance.now();
  const { violations, calls, requests, faults, codes } = await histories(SEED, RUNS);
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  console.log(`${RUNS} histories from seed ${SEED}: ${calls} calls, ${requests} requests in ${seconds} s`);
  console.log(`on purpose: ${JSON.stringify(faults)}`);
  if (process.env.INVARIANT_CODES) console.log(JSON.stringify(codes, null, 1));
  expect(violations).toEqual([]);
});
