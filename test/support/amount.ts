/** `TESTS=all` (`npm run test:long`): all cases of what `npm test` tries a sample of. */
export const ALL = process.env.TESTS === 'all';

/** Every nth one, beginning with the first. */
export const sampled = <T>(all: readonly T[], every: number): readonly T[] =>
  ALL ? all : all.filter((_, nth) => nth % every === 0);
