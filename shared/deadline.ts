import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from './errors.ts';

/**
 * The signal of the call, or of the run of a background function, that the code works for. It is aborted at the
 * deadline and as soon as the work has ended, so nothing of a call reaches the network after its answer: Lambda would
 * freeze it there and go on with it during the next call.
 */
const current = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs the work under a signal of its own, which follows `outer`. Without `outer` (commands of operators, tests) the
 * work has no deadline.
 */
export async function untilAnswered<T>(outer: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const follow = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', follow, { once: true });
  if (outer?.aborted) follow();
  try {
    return await current.run(controller.signal, work);
  } finally {
    outer?.removeEventListener('abort', follow);
    controller.abort();
  }
}

/** @throws Unavailable where the call has been answered, or its deadline has passed */
export function stillRunning(): void {
  if (current.getStore()?.aborted) throw new Unavailable('the call has no time left');
}

/**
 * Sends one request. Its signal is aborted after `most` milliseconds, and with the call: an answer that has not come
 * whole by then does not count.
 * @throws Unavailable as `stillRunning`
 */
export async function attempt<T>(most: number, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  stillRunning();
  const call = current.getStore();
  const controller = new AbortController();
  const abort = () => controller.abort();
  const timer = setTimeout(abort, most);
  call?.addEventListener('abort', abort, { once: true });
  try {
    return await send(controller.signal);
  } catch (error) {
    stillRunning();
    throw error;
  } finally {
    clearTimeout(timer);
    call?.removeEventListener('abort', abort);
  }
}

/** Waits for so many milliseconds. @throws Unavailable as `stillRunning`, as soon as the call ends */
export async function pause(ms: number): Promise<void> {
  const signal = current.getStore();
  await sleep(ms, undefined, signal && { signal }).catch(() => {});
  stillRunning();
}

/** The longest wait before another attempt, in milliseconds: doubled each time, from the first to the last. */
const FIRST_WAIT = 25;
const LAST_WAIT = 1000;

/** How long one request, or one write on contended records, is tried again. */
export class Patience {
  readonly #began = Date.now();
  readonly #most: number;
  readonly #sentence: string;
  #attempts = 0;

  /** @param most milliseconds after which no other attempt begins @param sentence what the log says then */
  constructor(most: number, sentence: string) {
    this.#most = most;
    this.#sentence = sentence;
  }

  /**
   * Waits before the next attempt, with full jitter.
   * @param atLeast attempts that are made however long they take
   * @throws Unavailable where patience or the call's time is used up
   */
  async again(cause: unknown, atLeast = 2): Promise<void> {
    this.#attempts++;
    if (this.#attempts >= atLeast && Date.now() - this.#began > this.#most)
      throw new Unavailable(this.#sentence, { cause });
    await pause(Math.random() * Math.min(LAST_WAIT, FIRST_WAIT * 2 ** this.#attempts));
  }
}
