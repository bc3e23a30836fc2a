/** A sample in three numbers. */
export interface Summary {
  median: number;
  /** Quartiles. */
  low: number;
  high: number;
}

export function summary(sample: number[]): Summary {
  const sorted = sample.toSorted((a, b) => a - b);
  return { median: quantile(sorted, 0.5), low: quantile(sorted, 0.25), high: quantile(sorted, 0.75) };
}

export const median = (sample: number[]): number => summary(sample).median;

/** @param sorted ascending, not empty */
export const quantile = (sorted: ArrayLike<number>, part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))]!;

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
