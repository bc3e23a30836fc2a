import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from './errors.ts';

/**
 * The signal of the current call, or of the current run of a background function. It is aborted at the deadline and when
 * the work ends. So no request of a call is sent after its answer, where Lambda would freeze it and continue it during
 * the next call.
 */
const current = new AsyncLocalStorage<AbortSignal>();

/** Runs the work under its own signal, which follows `outer`. Without `outer`, the work has no deadline (commands, tests). */
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

/** @throws Unavailable after the call's answer or deadline */
export function stillRunning(): void {
  if (current.getStore()?.aborted) throw new Unavailable('the call has no time left');
}

/**
 * Sends one request, whose signal is aborted after `most` milliseconds and at the end of the call. An answer that is not
 * complete by then does not count.
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

/** Waits for so many milliseconds. @throws Unavailable as soon as the call ends */
export async function pause(ms: number): Promise<void> {
  const signal = current.getStore();
  await sleep(ms, undefined, signal && { signal }).catch(() => {});
  stillRunning();
}

/** Bounds of the wait before another attempt (ms). The longest wait doubles each time, from the first to the last. */
const FIRST_WAIT = 50;
const LAST_WAIT = 1000;

/** Limits how long a request, or a write on contended records, is sent again. */
export class Patience {
  readonly #began = Date.now();
  readonly #most: number;
  readonly #sentence: string;
  #attempts = 0;

  /** @param most milliseconds after which no wait begins @param sentence the message of the error then */
  constructor(most: number, sentence: string) {
    this.#most = most;
    this.#sentence = sentence;
  }

  /**
   * Waits before the next attempt, with full jitter.
   * @param atLeast attempts that are made however long they take
   * @throws Unavailable where the time of this request or of the call is used up
   */
  async again(cause: unknown, atLeast = 2): Promise<void> {
    const longest = Math.min(LAST_WAIT, FIRST_WAIT * 2 ** this.#attempts++);
    if (this.#attempts >= atLeast && Date.now() - this.#began > this.#most)
      throw new Unavailable(this.#sentence, { cause });
    await pause(Math.random() * longest);
  }
}
