import './seeded.ts';
import { describe, expect, test } from 'vitest';
import { MUTANTS } from './mutants.ts';
import { simulate } from './runner.ts';

/** How many runs each mutant gets. */
const MOST = 60;

describe('the simulation finds', () => {
  for (const { title, seed: first, users = 4, focus, ...mutations } of MUTANTS)
    test(title, { timeout: 600_000 }, async () => {
      let seed = first - 1;
      let violations: string[] = [];
      let calls = 0;
      while (violations.length === 0 && seed < first + MOST) {
        seed++;
        ({ violations, calls } = await simulate({ seed, faults: false, focus, users, ...mutations }));
      }
      console.log(`seed ${seed}, ${calls} calls: ${violations[0]}`);
      expect(violations, `${MOST} runs do not find it`).not.toEqual([]);
      const unchanged = await simulate({ seed, length: calls, faults: false, focus, users });
      expect(unchanged.violations, 'the product without the mutation').toEqual([]);
    });
});
