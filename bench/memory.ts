/** Whether processes grow, from samples of their memory. */
import { median, rounded } from './statistics.ts';

export interface MemorySample {
  pid: number;
  name: string;
  /** Number of the sample, from 0 on. */
  at: number;
  /** MB: all resident memory, and what of the heap is in use after a garbage collection, where that was measured. */
  resident: number;
  heap?: number;
}

/** MB in the first and in the last third of the samples. */
export interface Trend {
  early: number;
  late: number;
}

export interface Growth {
  name: string;
  /** Medians. */
  resident: Trend;
  /** The least, since what calls hold that are under way comes on top. Undefined where the heap was not measured in both thirds. */
  heap: Trend | undefined;
}

/** The trends of the processes that lived from the first sample to the last; those with the most memory first. */
export function growths(samples: MemorySample[]): Growth[] {
  const last = Math.max(...samples.map(({ at }) => at));
  return [...Map.groupBy(samples, ({ pid }) => pid).values()]
    .filter((own) => own[0]!.at === 0 && own.at(-1)!.at === last)
    .map((own) => ({
      name: own[0]!.name,
      resident: trend(own, last, ({ resident }) => resident, median)!,
      heap: trend(
        own,
        last,
        ({ heap }) => heap,
        (sizes) => Math.min(...sizes),
      ),
    }))
    .sort((a, b) => b.resident.late - a.resident.late);
}

function trend(
  samples: MemorySample[],
  last: number,
  of: (sample: MemorySample) => number | undefined,
  among: (sizes: number[]) => number,
): Trend | undefined {
  const within = (from: number, to: number) =>
    samples.filter(({ at }) => at >= from && at <= to).flatMap((sample) => of(sample) ?? []);
  const [first, final] = [within(0, last / 3), within((last * 2) / 3, last)];
  if (first.length === 0 || final.length === 0) return undefined;
  return { early: rounded(among(first), 1), late: rounded(among(final), 1) };
}

/** Calls of an instance before its heap counts: it also holds what Node compiles and optimizes. */
export const WARM = 300;

/** The share by which a process may grow. */
export const FLAT = 0.05;

/** The share by which its heap grew. What is resident says less: a process need not return what it has freed. */
export const growthOf = ({ heap }: Growth): number | undefined => heap && heap.late / heap.early - 1;

export const isFlat = (process: Growth): boolean => (growthOf(process) ?? 0) <= FLAT;
