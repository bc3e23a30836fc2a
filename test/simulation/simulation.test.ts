import './seeded.ts';
import { expect, test } from 'vitest';
import { type Outcome, simulate } from './runner.ts';

/** `npm run test:long`: more runs, all with relays. */
const ALL = process.env.TESTS === 'all';

/**
 * How many runs, and from which seed on. Of the first fourteen some are about groups and some about friends, and of each
 * some have faults and some have none.
 */
const RUNS = Number(process.env.SIMULATION_RUNS ?? (ALL ? 40 : 6));
const SEED = Number(process.env.SIMULATION_SEED ?? 1);

/** Relays and the proof of events make a run longer. */
const hasEvents = (seed: number) => ALL || seed % 4 >= 2;

/** A long simulation says after so many runs how far it is. */
const SAY_AFTER = 50;

const total: Outcome = { violations: [], calls: 0, requests: 0, faults: {}, outcomes: {} };

function add({ calls, requests, faults, outcomes }: Outcome): void {
  total.calls += calls;
  total.requests += requests;
  for (const [name, count] of Object.entries(faults)) total.faults[name] = (total.faults[name] ?? 0) + count;
  for (const [op, ofOp] of Object.entries(outcomes)) {
    total.outcomes[op] ??= {};
    const sums = total.outcomes[op]!;
    for (const [name, count] of Object.entries(ofOp)) sums[name] = (sums[name] ?? 0) + count;
  }
}

/** Half of the runs have no faults, so that every wrong answer shows. */
test(`${RUNS} simulation runs from seed ${SEED} do nothing that the oracle forbids`, {
  timeout: 60_000 + RUNS * 30_000,
}, async () => {
  const started = performance.now();
  const seconds = () => Math.round((performance.now() - started) / 100) / 10;
  const { violations } = total;
  for (let nth = 1; nth <= RUNS; nth++) {
    const seed = SEED + nth - 1;
    const one = await simulate({ seed, faults: seed % 2 === 0, events: hasEvents(seed) });
    add(one);
    for (const violation of one.violations) {
      violations.push(`seed ${seed}: ${violation}`);
      const all = ALL ? 'TESTS=all ' : '';
      console.log(`${violation}\n  again: ${all}SIMULATION_SEED=${seed} SIMULATION_RUNS=1 npm run test:simulation`);
    }
    if (nth % SAY_AFTER === 0 && nth < RUNS)
      console.log(`${nth} of ${RUNS} runs, ${seconds()} s, ${violations.length} violations`);
  }
  const { calls, requests, faults, outcomes } = total;
  console.log(`${RUNS} runs from seed ${SEED}: ${calls} calls, ${requests} requests in ${seconds()} s`);
  console.log(`on purpose: ${JSON.stringify(faults)}`);
  if (process.env.SIMULATION_OUTCOMES) console.log(JSON.stringify(outcomes, null, 1));
  expect(violations).toEqual([]);
});

/** What changes a decision in a group most. */
const CHANGES = ['access/check', 'ban', 'unban', 'silence', 'kick', 'leave', 'invite', 'admin/add', 'admin/remove'];

test('every decision is what the model says at an instant of its call, while a group changes', async () => {
  const violations: string[] = [];
  let decided = 0;
  for (let seed = SEED; seed < SEED + (ALL ? 6 : 3); seed++) {
    const one = await simulate({ seed, faults: seed % 3 === 0, focus: CHANGES, length: 100 });
    violations.push(...one.violations.map((violation) => `seed ${seed}: ${violation}`));
    decided += one.outcomes['access/check']?.success ?? 0;
  }
  expect(violations).toEqual([]);
  expect(decided).toBeGreaterThan(ALL ? 30 : 15);
});
