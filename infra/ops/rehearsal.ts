import { Database } from '../../shared/data/database.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import { fillShape, type Get, type Item, isGet, keyText, type Reads, type Records } from '../../shared/data/read.ts';
import { itemAfter, type Step } from '../../shared/data/step.ts';

/** Items as the writes of a rehearsal would have left them. */
export type Rehearsed = Map<string, Item | undefined>;

/**
 * A view of the table that writes into memory. Views of one rehearsal share `rehearsed`, so that each sees what the
 * earlier ones would have written. A view keeps only items that it has read: no decision looks at others.
 */
export class Rehearsal extends Database {
  readonly #rehearsed: Rehearsed;

  constructor({ client, name }: OperatorTable, rehearsed: Rehearsed, faults?: number) {
    super(client, name, faults);
    this.#rehearsed = rehearsed;
  }

  #item(get: Get<Item | undefined>['get']): Item | undefined {
    const key = keyText(get);
    return this.#rehearsed.has(key)
      ? this.#rehearsed.get(key)
      : this.cached<Item | undefined>({ get, parse: (item) => item })?.record;
  }

  override records<R extends Reads>(reads: R): Records<R> {
    return fillShape(reads, (read) => {
      if (!isGet(read)) throw new Error('a rehearsal decides on single records');
      return read.parse(this.#item(read.get));
    }) as Records<R>;
  }

  override async write(steps: Step[]): Promise<boolean> {
    for (const step of steps)
      if (this.cached({ get: step.key, parse: () => true }))
        this.#rehearsed.set(keyText(step.key), itemAfter(step, this.#item(step.key)));
    return true;
  }
}
