/** What must be closed, the youngest first. A closer that is added during `close` waits for the next `close`. */
export class Closers {
  closing = false;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #closed: Promise<void> = Promise.resolve();

  add(closer: () => Promise<unknown>) {
    this.#closers.push(closer);
  }

  close(): Promise<void> {
    this.closing = true;
    this.#closed = this.#closed.then(async () => {
      for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) await closer();
    });
    return this.#closed;
  }
}
