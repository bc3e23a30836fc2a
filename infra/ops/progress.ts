/** Where progress is shown: stderr, which may be a terminal. */
export interface Screen {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/** Milliseconds between two log lines, and between two updates of the bar. */
const LINE_EVERY = 5000;
const BAR_EVERY = 100;

/** Shows the progress of a long command: a bar on a terminal, otherwise a line every five seconds. */
export class Progress {
  readonly #screen: Screen;
  readonly #total: number | undefined;
  readonly #started = Date.now();
  #shown = Date.now();
  #drawn = false;

  /** @param total if known */
  constructor(total: number | undefined, screen: Screen = process.stderr) {
    this.#total = total;
    this.#screen = screen;
  }

  /** Reports how many are done. */
  show(done: number, what: string): void {
    const now = Date.now();
    if (now - this.#shown < (this.#screen.isTTY ? BAR_EVERY : LINE_EVERY)) return;
    this.#shown = now;
    const rate = Math.round((done * 1000) / (now - this.#started));
    const of = this.#total === undefined ? '' : ` of ${this.#total}`;
    const text = `${done}${of} ${what}, ${rate} per second`;
    if (!this.#screen.isTTY) this.#screen.write(`${text}\n`);
    else {
      this.#drawn = true;
      this.#screen.write(`\r${`${this.#bar(done)}${text}`.slice(0, (this.#screen.columns ?? 80) - 1)}\x1b[K`);
    }
  }

  #bar(done: number): string {
    if (!this.#total) return '';
    const full = Math.round((20 * done) / this.#total);
    return `[${'#'.repeat(full)}${'.'.repeat(20 - full)}] `;
  }

  /** Removes the bar from the terminal. */
  end(): void {
    if (this.#drawn) this.#screen.write('\r\x1b[K');
  }
}
