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
const REQUESTS = 150;

test('150 generated requests are answered in the envelope and change nothing of another tenant', async () => {
  const { sent, failures, answers } = await fuzz(await laptopStack(), { seed: 6, requests: REQUESTS, most: 240_000 });
  expect(failures).toEqual([]);
  expect(sent).toBe(REQUESTS);
  // Requests that are refused early test little: about half of these get further, and a quarter succeed.
  const further = [...answers].filter(([kind]) => !REFUSED_EARLY.has(kind)).reduce((sum, [, count]) => sum + count, 0);
  expect(further, JSON.stringify([...answers])).toBeGreaterThan(REQUESTS / 4);
  expect(answers.get('200 200')).toBeGreaterThan(REQUESTS / 8);
}, 300_000);
