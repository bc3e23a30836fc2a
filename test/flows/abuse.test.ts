import { expect, inject, test } from 'vitest';
import { fuzz } from '../fuzz/run.ts';

/** The small run; the large one is `npm run fuzz`. Always the same requests: what fails is not a matter of luck. */
test('300 generated requests are answered in the envelope and change nothing of another tenant', async () => {
  const { sent, failures, answers } = await fuzz(inject('stack'), { seed: 6, requests: 300, most: 100_000 });
  expect(failures).toEqual([]);
  expect(sent).toBe(300);
  // Most get past the first checks: what always fails early shows nothing.
  expect(answers.get('200 200') ?? 0).toBeGreaterThan(60);
});
