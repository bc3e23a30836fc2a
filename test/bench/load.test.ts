import { expect, test } from 'vitest';
import { measureLoad } from '../../bench/load.ts';
import { isLinux } from '../../bench/system.ts';

test('the load test divides the whole time of each operation, and measures every process', async () => {
  const { results, failures } = await measureLoad(6);
  // A machine that is busy with other things may be too slow for a call, but no call fails.
  expect([...failures.keys()].filter((what) => !what.includes(': 503 '))).toEqual([]);
  expect(Object.keys(results.operations).length).toBeGreaterThan(12);
  expect(Object.values(results.operations).reduce((sum, { calls }) => sum + calls, 0)).toBe(results.calls);
  for (const [id, { mean, parts, p50, p99, processor }] of Object.entries(results.operations)) {
    const sum = Object.values(parts).reduce((all, ms) => all + ms, 0);
    expect(Math.abs(sum - mean), id).toBeLessThanOrEqual(1 + mean / 20);
    expect(Math.min(parts.function, parts.database, processor), id).toBeGreaterThan(0);
    expect(p99, id).toBeGreaterThanOrEqual(p50);
  }
  if (!isLinux) return;
  expect(Math.min(...Object.values(results.processor!))).toBeGreaterThan(0);
  const names = results.memory!.processes.map(({ name }) => name);
  expect(names).toEqual(expect.arrayContaining(['DynamoDB Local', 'stack', 'roster-local-access-check']));
  expect(results.memory!.processes.find(({ name }) => name === 'stack')!.heap!.early).toBeGreaterThan(5);
}, 300_000);
