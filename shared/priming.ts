import { AsyncLocalStorage } from 'node:async_hooks';
import { Socket } from 'node:net';

/**
 * What a function does once, as it loads, so that its first call costs little more than a later one: Lambda gives it a
 * whole processor until its first event, and a share of one afterwards (docs/decisions/0076-own-transport-and-priming.md).
 */

const rehearsals = new AsyncLocalStorage<true>();

/** Whether the current work is a rehearsal: nothing of it may leave the process, or stay in it. */
export const isRehearsal = (): boolean => rehearsals.getStore() === true;

declare global {
  /** What a bundle waits for before it counts as loaded: see infra/bundle.ts. */
  var primed: Promise<unknown> | undefined;
}

/** Milliseconds after which a function counts as loaded whether it is primed or not. */
const LONGEST = 1000;

/**
 * Only in a deployed function: tests and commands load handlers too. Nothing of it can make the function fail.
 * @param connect begins what the first call would wait for @param rehearse runs a call for which there is no caller
 */
export function prime(connect: () => Promise<unknown>, rehearse: () => Promise<unknown>): void {
  if (!process.env.AWS_LAMBDA_INITIALIZATION_TYPE) return;
  // What fails here fails again in the first call, which tells it.
  const done = Promise.allSettled([connect, () => rehearsals.run(true, rehearse)].map(async (work) => work()));
  let timer: NodeJS.Timeout;
  const late = new Promise((resolve) => {
    timer = setTimeout(resolve, LONGEST);
  });
  globalThis.primed = Promise.race([done, late]).finally(() => clearTimeout(timer));
}

const ITEM = { '-': { L: [{ M: { '-': { S: '-' } } }, { N: '1' }, { BOOL: true }] } };
const BODY = JSON.stringify({ Responses: { '-': [ITEM] } });
const ANSWER = `HTTP/1.1 200 OK\r\ncontent-type: application/x-amz-json-1.0\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`;

/** A connection to nobody. It answers each request with an item that nobody asked for. */
export const deafConnection = (): Socket => new DeafSocket();

/** A socket, not any stream: an agent may call whatever a socket has. */
class DeafSocket extends Socket {
  override _read() {}

  override _write(chunk: unknown, _encoding: string, done: () => void) {
    if (String(chunk).startsWith('POST ')) this.push(ANSWER);
    done();
  }

  override _writev(chunks: { chunk: unknown }[], done: () => void) {
    this._write(chunks.map(({ chunk }) => chunk).join(''), '', done);
  }
}
