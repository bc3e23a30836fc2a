import { expect, test } from 'vitest';
import { growthOf, growths, isFlat, type MemorySample } from '../../bench/memory.ts';

/** Twelve samples. */
const samplesOf = (pid: number, of: (at: number) => Partial<MemorySample>): MemorySample[] =>
  Array.from({ length: 12 }, (_, at) => ({ pid, name: `process ${pid}`, at, resident: 100, ...of(at) }));

test('a process grows by what its heap holds at least, whatever is resident', () => {
  const samples = [
    ...samplesOf(1, (at) => ({ resident: 100 + at })),
    ...samplesOf(2, (at) => ({ resident: 200 + 20 * at, heap: at === 11 ? 90 : 10 })),
    // It was measured only now and then.
    ...samplesOf(3, (at) => ({ ...(at % 3 === 0 && { heap: 10 + at / 15 }) })),
    ...samplesOf(4, () => ({})).filter(({ at }) => at > 0),
    ...samplesOf(5, () => ({})).filter(({ at }) => at < 11),
  ];
  const found = growths(samples);
  expect(found.map((process) => [process.name, growthOf(process)?.toFixed(2), isFlat(process)])).toEqual([
    ['process 2', '0.00', true],
    ['process 1', undefined, true],
    ['process 3', '0.06', false],
  ]);
});
