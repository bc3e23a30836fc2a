import { pause } from '../../deadline.ts';
import { Unavailable } from '../../errors.ts';

/** Pieces of work side by side. */
const WIDEST = 10;
/** Full jitter after a round that was throttled: up to a limit that doubles from one to the next (ms). */
const SHORTEST_WAIT = 100;
const LONGEST_WAIT = 5000;
/** After so many rounds of which nothing went through, it is no matter of pace: the run fails, and is tried again later. */
const FRUITLESS = 5;

/**
 * How fast one run of a background job works: several pieces at a time. Where the database or the bucket takes no more,
 * half as many from then on, and one more after each round that all of it went through. A piece that was refused so is
 * done again, so that pieces must be ones that may be done twice.
 */
export class Pace {
  readonly #expired: () => boolean;
  #width = WIDEST;
  #throttled = 0;
  /** Whether any piece is done, and why the last one was not. */
  #progress = false;
  #fault: unknown;

  /** @param expired the run has no time for another round */
  constructor(expired: () => boolean) {
    this.#expired = expired;
  }

  /**
   * Reads work page by page, and does it, until a page is empty: what is done must not be read again. However little
   * time there is, some of it is done.
   * @returns whether all is done; false when the time was over before
   * @throws Unavailable where this run has got nothing done
   */
  async workOff<T>(read: () => Promise<readonly T[]>, work: (piece: T) => Promise<unknown>): Promise<boolean> {
    for (;;) {
      const page = await read().catch((fault: unknown) => this.#adapt([fault]));
      if (page?.length === 0) return true;
      if (page && !(await this.each(page, work))) return false;
      if (this.#expired()) return this.#stop();
    }
  }

  /** The same for work that is known. */
  async each<T>(pieces: readonly T[], work: (piece: T) => Promise<unknown>): Promise<boolean> {
    let pending = pieces;
    for (;;) {
      const round = pending.slice(0, this.#width);
      // All of them end before anything else begins: nothing goes on behind a run that failed.
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
    // Where the run has no time left, `expired` says so next.
    await pause(Math.random() * Math.min(LONGEST_WAIT, SHORTEST_WAIT * 2 ** this.#throttled++)).catch(() => {});
  }
}
