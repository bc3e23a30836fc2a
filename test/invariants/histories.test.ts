import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { nextId, nextRandom, type Outcome, play } from './history.ts';

vi.mock('node:timers/promises', async (original) => ({
  ...(await original<typeof import('node:timers/promises')>()),
  setTimeout: async (ms: number) => (await import('./scheduler.ts')).pause(ms),
}));

vi.mock('../../shared/ids.ts', () => ({ newId: () => nextId(), newRandom: () => nextRandom() }));

/** How many histories, and from which seed on: see `npm run test:invariants`. */
const RUNS = Number(process.env.INVARIANT_RUNS ?? 4);
const SEED = Number(process.env.INVARIANT_SEED ?? 1);

beforeAll(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterAll(() => void vi.useRealTimers());

/** After so many histories a long run says how far it is. */
const SAY_AFTER = 50;

const played: Outcome = { violations: [], calls: 0, requests: 0, faults: {}, outcomes: {} };

function add({ calls, requests, faults, outcomes }: Outcome): void {
  played.calls += calls;
  played.requests += requests;
  for (const [name, count] of Object.entries(faults)) played.faults[name] = (played.faults[name] ?? 0) + count;
  for (const [op, ofOp] of Object.entries(outcomes)) {
    played.outcomes[op] ??= {};
    const sums = played.outcomes[op]!;
    for (const [name, count] of Object.entries(ofOp)) sums[name] = (sums[name] ?? 0) + count;
  }
}

/** Half of the histories without faults, so that every wrong answer shows; half with them. */
test(`${RUNS} random histories from seed ${SEED} keep every law`, { timeout: 60_000 + RUNS * 30_000 }, async () => {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const { violations } = played;
  for (let nth = 1; nth <= RUNS; nth++) {
    const seed = SEED + nth - 1;
    const one = await play({ seed, faults: seed % 2 === 0 });
    add(one);
    for (const violation of one.violations) {
      violations.push(`seed ${seed}: ${violation}`);
      console.log(`${violation}\n  again: npm run test:invariants -- --seed ${seed} --runs 1`);
    }
    if (nth % SAY_AFTER === 0 && nth < RUNS)
      console.log(`${nth} of ${RUNS} histories, ${seconds()} s, ${violations.length} violations`);
  }
  const { calls, requests, faults, outcomes } = played;
  console.log(`${RUNS} histories from seed ${SEED}: ${calls} calls, ${requests} requests in ${seconds()} s`);
  console.log(`on purpose: ${JSON.stringify(faults)}`);
  if (process.env.INVARIANT_OUTCOMES) console.log(JSON.stringify(outcomes, null, 1));
  expect(violations).toEqual([]);
});
