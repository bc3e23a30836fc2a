import { AsyncLocalStorage } from 'node:async_hooks';
import { Duplex } from 'node:stream';

/**
 * What a function does once, as it loads, so that its first call costs little more than a later one: Lambda gives it a
 * whole processor until its first event, and a share of one afterwards (docs/decisions/0076-own-transport-and-priming.md).
 */

const rehearsals = new AsyncLocalStorage<true>();

/** Whether the current work is a rehearsal: nothing of it may leave the process, or stay in it. */
export const isRehearsal = (): boolean => rehearsals.getStore() === true;

/**
 * Only in a deployed function: tests and commands load handlers too. Nothing of it can make the function fail.
 * @param connect begins what the first call would wait for
 * @param rehearse runs a call for which there is no caller. It waits for nothing but microtasks, so it ends before
 *   Lambda's runtime asks for the first event.
 */
export function prime(connect: () => void, rehearse: () => Promise<unknown>): void {
  if (!process.env.AWS_LAMBDA_INITIALIZATION_TYPE) return;
  try {
    connect();
    rehearsals.run(true, rehearse).catch(() => {});
  } catch {
    // The first call meets it, and tells.
  }
}

const NOTHING = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';

/** A connection to nobody, with an empty answer to one request. */
export function deafConnection(): Duplex {
  let answer: string | undefined = NOTHING;
  return new Duplex({
    read() {},
    write(_chunk, _encoding, done) {
      if (answer) this.push(answer);
      answer = undefined;
      done();
    },
  });
}
