import { createHash } from 'node:crypto';
import { KEPT, type Part, partOf, partsOf, putPart } from '../data/idempotency-repo.ts';
import type { Step } from '../data/step.ts';
import { badParameter } from '../errors.ts';
import type { Call } from './call.ts';

const hash = (...parts: (string | number | undefined)[]) =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/** The longest key taken, in characters. */
const LONGEST = 255;

/**
 * A call that may be a repetition: `Idempotency-Key` (docs/behaviour.md, Idempotency). A key belongs to the actor (user,
 * or the app) and one operation. What the call has done is recorded with its changes, in the same transactions, so that
 * a repetition finds all of it or nothing; only success is recorded.
 */
export class Idempotency {
  readonly #call: Call;
  readonly #key: string;
  readonly #request: string;

  /** Undefined where the header is missing. @param operation what the key is good for */
  static of(call: Call, operation: string): Idempotency | undefined {
    return call.idempotency === undefined ? undefined : new Idempotency(call, operation, call.idempotency);
  }

  constructor(call: Call, operation: string, { key, request }: NonNullable<Call['idempotency']>) {
    this.#call = call;
    this.#key = hash(operation, call.me ?? 'app', key);
    this.#request = request;
  }

  /** To be read with the call's own records. @param bytes the most that its value can have, where that is over 3 KB */
  part(number: number, bytes?: number) {
    return partOf(this.#call.app, this.#key, number, bytes);
  }

  get parts() {
    return partsOf(this.#call.app, this.#key);
  }

  /**
   * What the part says, if it was written by this very request within the last day.
   * @throws ApiError badParameter where the key was used for another request
   */
  value<T>(part: Part | undefined): T | undefined {
    const { key } = this.#call.idempotency ?? {};
    if (!key || key.length > LONGEST) throw badParameter('idempotency-key', `must have 1 to ${LONGEST} characters`);
    if (!part || part.expiresAt <= this.#call.now) return undefined;
    if (part.request !== this.#request) throw badParameter('idempotency-key', 'was used for another request');
    return JSON.parse(part.value) as T;
  }

  /** Records a part with the changes it belongs to, for so many seconds. */
  step(number: number, value: unknown, kept = KEPT): Step {
    const written = { request: this.#request, value: JSON.stringify(value), now: this.#call.now, kept };
    return putPart(this.#call.app, this.#key, number, written);
  }
}

/** Hash of what makes a request: body, query, and the headers that choose whom it acts as. */
export const requestHash = hash;
