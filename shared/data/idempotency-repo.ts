import type { AppId } from '../ids.ts';
import { any, atMost, missing } from './expression.ts';
import { idempotencyKey } from './keys.ts';
import { type Get, getItem, getItems, type Query } from './read.ts';
import type * as schema from './schema.ts';
import type { ItemOf, Keyed } from './schema.ts';
import { put, type Step } from './step.ts';

/** Seconds that an answer is kept for a repeated call. */
export const KEPT = 86_400;

/** A part of what a call with an `Idempotency-Key` has done: one item, written in the transaction that did it. */
export type Part = Keyed<ItemOf<typeof schema.idempotencyRecordFields>>;

/** @param bytes the most that the part can have */
export const partOf = (app: AppId, key: string, part: number, bytes?: number): Get<Part | undefined> =>
  getItem(idempotencyKey(app, key, part), bytes);

/** All parts. The sort key of a part is its number. */
export const partsOf = (app: AppId, key: string): Query<Part[]> =>
  getItems({ partition: idempotencyKey(app, key).pk, between: ['0', '~'], all: true });

/** Refused where the part exists and is still valid. */
export const putPart = (
  app: AppId,
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
