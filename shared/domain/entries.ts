import type { ApiError } from '../errors.ts';

/** Result of one entry of a list: what happened to it, and why not. */
export const entryResult = (user: number, error: ApiError | undefined) => ({
  user_id: user,
  result: error ? ('fail' as const) : ('success' as const),
  reason: error?.message ?? '',
});
