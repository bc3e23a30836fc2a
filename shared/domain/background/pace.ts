import { pause } from '../../deadline.ts';
import { Unavailable } from '../../errors.ts';

/** Most pieces of work done at the same time. */
const WIDEST = 10;
/** Wait after a throttled round (ms), with full jitter: the limit doubles from one such round to the next. */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 5000;
/** The run fails after so many rounds without any success, and is tried again later. */
const FRUITLESS = 5;

/**
 * How many pieces of work one run of a background job does at the same time. Throttling by the database or the bucket
 * halves the number; each round without faults raises it by one. A throttled piece is done again, so pieces must be
 * idempotent.
 */
export class Pace {
  readonly #expired: () => boolean;
  #width = WIDEST;
  #throttled = 0;
  /** Whether any piece is done. */
  #progress = false;
  /** The last fault. */
  #fault: unknown;

  /** @param expired the run has no time for another round */
  constructor(expired: () => boolean) {
    this.#expired = expired;
  }

  /**
   * Reads work page by page and does it until a page is empty. Pages must not show work that is done. At least one round
   * is done, however little time is left.
   * @returns whether all is done; false when time ran out
   * @throws Unavailable where this run has done nothing
   */
  async workOff<T>(read: () => Promise<readonly T[]>, work: (piece: T) => Promise<unknown>): Promise<boolean> {
    for (;;) {
      const page = await read().catch((fault: unknown) => this.#adapt([fault]));
      if (page?.length === 0) return true;
      if (page && !(await this.each(page, work))) return false;
      if (this.#expired()) return this.#stop();
    }
  }

  /** The same for a list of work. */
  async each<T>(pieces: readonly T[], work: (piece: T) => Promise<unknown>): Promise<boolean> {
    let pending = pieces;
    for (;;) {
      const round = pending.slice(0, this.#width);
      // All pieces end before the next round, so that none continues after the run has failed.
      const ends = await Promise.allSettled(round.map(work));
      const faults = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
      this.#progress ||= faults.length < round.length;
      await this.#adapt(faults);
      pending = [...round.filter((_, index) => ends[index]?.status === 'rejected'), ...pending.slice(round.length)];
      if (pending.length === 0) return true;
      if (this.#expired()) return this.#stop();
    }
  }

  #stop(): false {
    if (this.#progress) return false;
    throw this.#fault;
  }

  async #adapt(faults: unknown[]): Promise<void> {
    const broken = faults.find((fault) => !(fault instanceof Unavailable));
    if (broken !== undefined) throw broken;
    if (faults.length === 0) {
      this.#width = Math.min(WIDEST, this.#width + 1);
      this.#throttled = 0;
      return;
    }
    [this.#fault] = faults;
    if (!this.#progress && this.#throttled >= FRUITLESS) throw this.#fault;
    this.#width = Math.ceil(this.#width / 2);
    // An aborted pause means that time has run out, which `expired` reports next.
    await pause(Math.random() * Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** this.#throttled++)).catch(() => {});
  }
}
