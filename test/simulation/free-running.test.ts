import { expect, test } from 'vitest';
import '../support/cheap-hashing.ts';
import { runFreely } from './free-running.ts';

/** How many runs, and from which seed on: see `npm run test:unkind`. */
const RUNS = Number(process.env.UNKIND_RUNS ?? 2);
const FIRST = Number(process.env.UNKIND_SEED ?? 1);
const CALLS = 120;

test(`${RUNS} free runs from seed ${FIRST} against an unkind database keep the invariants of the data`, {
  timeout: 60_000 + RUNS * 60_000,
}, async () => {
  const started = performance.now();
  const violations: string[] = [];
  const counts: Record<string, number> = {};
  const outcomes: Record<string, number> = {};
  const add = (sums: Record<string, number>, more: Record<string, number>) => {
    for (const [what, count] of Object.entries(more)) sums[what] = (sums[what] ?? 0) + count;
  };
  let [calls, busy] = [0, 0];
  for (let seed = FIRST; seed < FIRST + RUNS; seed++) {
    const outcome = await runFreely(seed, CALLS);
    calls += outcome.calls;
    busy += outcome.busy;
    add(counts, outcome.counts);
    add(outcomes, outcome.outcomes);
    for (const violation of outcome.violations) {
      violations.push(`seed ${seed}: ${violation}`);
      console.log(`seed ${seed}: ${violation}`);
    }
  }
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  console.log(`${RUNS} free runs from seed ${FIRST}: ${calls} calls, ${busy} answers of 503, ${seconds} s`);
  console.log(`answers: ${JSON.stringify(outcomes)}`);
  console.log(`on purpose: ${JSON.stringify(counts)}`);
  expect(violations).toEqual([]);
});
