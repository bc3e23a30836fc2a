import type { Refusal } from '../refusal.ts';

/** Result of one entry of a list: what happened to it, and why not. */
export const entryResult = (user: number, refusal: Refusal | undefined) => ({
  user_id: user,
  result: refusal ? ('fail' as const) : ('success' as const),
  reason: refusal?.message ?? '',
});
