import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Pace } from '../../shared/domain/background/pace.ts';
import { Unavailable } from '../../shared/errors.ts';

/** The part of the longest wait that is waited: none. */
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));
afterEach(() => vi.restoreAllMocks());

const never = () => false;
const numbers = (count: number) => Array.from({ length: count }, (_, n) => n);

/** Work that is refused to all but so many at a time, and how many came together in each round. */
function narrow(most: () => number) {
  const widths: number[] = [];
  let together = 0;
  const work = async () => {
    if (together++ === 0) queueMicrotask(() => widths.push(together));
    const place = together;
    await new Promise(setImmediate);
    together = 0;
    if (place > most()) throw new Unavailable('too much');
  };
  return { widths, work };
}

describe('the pace of a background job', () => {
  it('a job works on ten pieces at a time where none is refused', async () => {
    const { widths, work } = narrow(() => 100);
    expect(await new Pace(never).each(numbers(35), work)).toBe(true);
    expect(widths).toEqual([10, 10, 10, 5]);
  });

  it('a job halves its pace when pieces are refused, and speeds up again slowly', async () => {
    let most = 2;
    const { widths, work } = narrow(() => most);
    const pieces = numbers(60);
    const done = new Pace(never).each(pieces, async () => {
      if (widths.length === 4) most = 100;
      await work();
    });
    expect(await done).toBe(true);
    expect(widths.slice(0, 8)).toEqual([10, 5, 3, 2, 3, 4, 5, 6]);
  });

  it('a job waits longer each time that pieces are refused', async () => {
    vi.mocked(Math.random).mockReturnValue(1);
    const { work } = narrow(() => 2);
    const started = performance.now();
    await new Pace(never).each(numbers(8), work);
    // After rounds of 8, 5 and 3, in the meantime none that all went through.
    expect(performance.now() - started).toBeGreaterThan(100 + 200 + 400 - 10);
  });

  it('a job does every piece once in the end, and repeats those that were refused', async () => {
    const done: number[] = [];
    let tries = 0;
    expect(
      await new Pace(never).each(numbers(40), async (piece) => {
        if (++tries % 3 === 0) throw new Unavailable('too much');
        done.push(piece);
      }),
    ).toBe(true);
    expect(done.sort((one, other) => one - other)).toEqual(numbers(40));
  });

  it('a job reads a page again that was refused', async () => {
    let reads = 0;
    const pages = [[1, 2], [3], []];
    const read = async () => {
      if (++reads === 2) throw new Unavailable('too much');
      return pages.shift()!;
    };
    const done: number[] = [];
    expect(await new Pace(never).workOff(read, async (piece) => done.push(piece))).toBe(true);
    expect(done).toEqual([1, 2, 3]);
  });

  it('an error other than Unavailable ends a job once the other pieces of its round have ended', async () => {
    let ended = 0;
    const work = async (piece: number) => {
      if (piece === 1) throw new Unavailable('too much');
      if (piece === 3) throw new Error('broken');
      await new Promise(setImmediate);
      ended++;
    };
    await expect(new Pace(never).each(numbers(30), work)).rejects.toThrow('broken');
    expect(ended).toBe(8);
  });

  it('a job gives up the rest when its time is over, after at least one round', async () => {
    const done: number[] = [];
    const pace = new Pace(() => true);
    expect(await pace.each(numbers(30), async (piece) => done.push(piece))).toBe(false);
    expect(done).toEqual(numbers(10));
    expect(await pace.each([1], async (piece) => done.push(piece))).toBe(true);
  });

  it('a job fails when its time is over and nothing was done at all', async () => {
    let rounds = 0;
    const pace = new Pace(() => ++rounds > 5);
    const work = async () => {
      throw new Unavailable('never');
    };
    await expect(pace.each(numbers(30), work)).rejects.toThrow('never');
  });
});
