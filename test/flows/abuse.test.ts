import { expect, test } from 'vitest';
import { fuzz } from '../fuzz/run.ts';
import { laptopStack } from '../support/stack.ts';

/** Answers that refuse parameters, tokens or headers before an operation runs. */
const REFUSED_EARLY = new Set([
  '200 10002',
  '200 10003',
  '200 10008',
  '200 402',
  '200 40000',
  '400 undefined',
  '401 undefined',
  '413',
  '431',
]);

/** A small run; `npm run fuzz` is the large one. The requests are the same in every run. */
test('300 generated requests are answered in the envelope and change nothing of another tenant', async () => {
  const { sent, failures, answers } = await fuzz(await laptopStack(), { seed: 6, requests: 300, most: 240_000 });
  expect(failures).toEqual([]);
  expect(sent).toBe(300);
  // Requests that are refused early test little: 120 of these get further, and 76 succeed.
  const further = [...answers].filter(([kind]) => !REFUSED_EARLY.has(kind)).reduce((sum, [, count]) => sum + count, 0);
  expect(further, JSON.stringify([...answers])).toBeGreaterThan(300 / 4);
  expect(answers.get('200 200')).toBeGreaterThan(300 / 8);
}, 300_000);
