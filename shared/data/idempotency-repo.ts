import { any, atMost, missing } from './expression.ts';
import { idempotencyKey } from './keys.ts';
import { type Get, getItem, type Query } from './read.ts';
import { put, type Step } from './step.ts';

/** Seconds that an answer is kept for repetitions. */
export const KEPT = 86_400;

/** What a call with an `Idempotency-Key` has done, written in the same transaction: one item a part. */
export interface Part {
  sk: string;
  /** Hash of the request. */
  request: string;
  /** What the operation needs to go on, or to answer again: as JSON, for a map comes back with its fields in another order. */
  value: string;
  /** Good until then (ms). */
  expiresAt: number;
}

/** @param bytes the most that the operation keeps in it */
export const partOf = (app: string, key: string, part: number, bytes?: number): Get<Part | undefined> =>
  getItem(idempotencyKey(app, key, part), bytes);

/** All parts; the number of one is its sort key. */
export const partsOf = (app: string, key: string): Query<Part[]> => ({
  query: { partition: idempotencyKey(app, key).pk, between: ['0', '~'], all: true },
  parse: ({ items }) => items as unknown as Part[],
});

/** Refused where the part is there already and still good. */
export const putPart = (
  app: string,
  key: string,
  part: number,
  given: { request: string; value: string; now: number; kept: number },
): Step => {
  const { request, value, now, kept } = given;
  const expiresAt = now + kept * 1000;
  return put(
    idempotencyKey(app, key, part),
    { request, value, expiresAt, ttl: Math.ceil(expiresAt / 1000) },
    any(missing, atMost('expiresAt', now)),
  );
};
