import { createHash } from 'node:crypto';
import { KEPT, type Part, partOf, partsOf, putPart } from '../data/idempotency-repo.ts';
import type { Step } from '../data/step.ts';
import { badParameter } from '../errors.ts';
import type { Call } from './call.ts';

const hash = (...parts: (string | number | undefined)[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/** The most characters of a key. */
export const LONGEST_KEY = 255;

/**
 * A call with an `Idempotency-Key` (docs/behaviour.md, Idempotency), which may repeat an earlier one. A key belongs to
 * the actor (user, or the app) and one operation. The transactions that change something also record it, so that a
 * repeated call finds all of it or nothing. Only success is recorded.
 */
export class Idempotency {
  readonly #call: Call;
  readonly #key: string;
  readonly #request: string;

  /** Undefined where the header is missing. @param operation the only one for which the key is valid */
  static of(call: Call, operation: string): Idempotency | undefined {
    return call.idempotency === undefined ? undefined : new Idempotency(call, operation, call.idempotency);
  }

  constructor(call: Call, operation: string, { key, request }: NonNullable<Call['idempotency']>) {
    this.#call = call;
    this.#key = hash(operation, call.me ?? 'app', key);
    this.#request = request;
  }

  /** The read of a part. @param bytes the most that its value can have, if that is over 3 KB */
  part(number: number, bytes?: number) {
    return partOf(this.#call.app, this.#key, number, bytes);
  }

  get parts() {
    return partsOf(this.#call.app, this.#key);
  }

  /**
   * The value of the part, if the same request wrote it within the last day.
   * @throws ApiError badParameter where the key was used for another request
   */
  value<T>(part: Part | undefined): T | undefined {
    const { key } = this.#call.idempotency ?? {};
    if (!key || key.length > LONGEST_KEY)
      throw badParameter('idempotency-key', `must have 1 to ${LONGEST_KEY} characters`);
    if (!part || part.expiresAt <= this.#call.now) return undefined;
    if (part.request !== this.#request) throw badParameter('idempotency-key', 'was used for another request');
    return JSON.parse(part.value) as T;
  }

  /** Records a part, for so many seconds, in the transaction of the changes that it describes. */
  step(number: number, value: unknown, kept = KEPT): Step {
    const written = { request: this.#request, value: JSON.stringify(value), now: this.#call.now, kept };
    return putPart(this.#call.app, this.#key, number, written);
  }
}

/** Hash of what distinguishes a request: body, query, and the headers that choose the actor. */
export const requestHash = hash;
