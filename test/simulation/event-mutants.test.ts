import './seeded.ts';
import { describe, expect, test, vi } from 'vitest';
import type { Fact } from '../../shared/events/facts.ts';
import { EVENT_MUTANTS } from './event-mutants.ts';
import { simulate } from './runner.ts';

/** What becomes of the facts of a write. */
let facts = (all: Fact[]): Fact[] => all;
vi.mock('../../shared/events/facts.ts', async (original) => {
  const { factsOf, ...others } = await original<typeof import('../../shared/events/facts.ts')>();
  return { ...others, factsOf: (...change: Parameters<typeof factsOf>) => facts(factsOf(...change)) };
});

/** How many runs each mutant gets, and of how many calls: nearly all of them show in the end, so half of the usual. */
const MOST = 30;
const LENGTH = 25;

describe('the simulation finds', () => {
  for (const { title, seed: first, facts: mutant, length = LENGTH, ...options } of EVENT_MUTANTS)
    test(title, { timeout: 600_000 }, async () => {
      const run = (seed: number, calls: number, mutated = true) => {
        const { mutate, mutateRecords, ...others } = { users: 4, ...options };
        facts = mutated && mutant ? mutant : (all) => all;
        const mutations = mutated ? { mutate, mutateRecords } : {};
        return simulate({ seed, length: calls, faults: false, events: true, ...others, ...mutations });
      };
      let seed = first - 1;
      let violations: string[] = [];
      let calls = 0;
      while (violations.length === 0 && seed < first + MOST) {
        seed++;
        ({ violations, calls } = await run(seed, length));
      }
      console.log(`seed ${seed}, ${calls} calls: ${violations[0]}`);
      expect(violations, `${MOST} runs do not find it`).not.toEqual([]);
      const unchanged = await run(seed, calls, false);
      expect(unchanged.violations, 'the product without the mutation').toEqual([]);
    });
});
