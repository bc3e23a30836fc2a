import type { Database } from '../data/database.ts';
import type { Reads, Records } from '../data/read.ts';
import type { Step } from '../data/step.ts';
import { ApiError, Unavailable } from '../errors.ts';

// What the domain may know of reads and writes: their shape, not how they are made.
export { withProof } from '../data/proof.ts';
export type { Reads, Records, Step };

/** What a decision comes to: the steps to write, and the answer (or error) once they are written. */
export interface Plan<T> {
  steps: Step[];
  answer: () => T;
}

/** One entry of a list, and its place in the request. */
export interface Entry<E> {
  entry: E;
  index: number;
}

/** How a list of entries is changed; see `transactEach`. All three are pure and may be asked again. */
export interface BatchPlan<R extends Reads, E> {
  /** Refuses the whole call; asked before every transaction. */
  permit: (records: Records<R>) => void;
  /** What the first transaction does besides, whatever becomes of the entries; its error is the call's. */
  opening?: (records: Records<R>) => Step[];
  /** What the last transaction does besides, whatever became of the entries. */
  closing?: (records: Records<R>, batch: readonly Entry<E>[], errors: (ApiError | undefined)[]) => Step[];
  /** The steps of one entry that joins the batch of its transaction, or its error. No steps: nothing to do. */
  entry: (records: Records<R>, entry: Entry<E>, batch: readonly Entry<E>[]) => Step[];
  /** The steps that the transaction of a batch needs once. */
  shared: (records: Records<R>, batch: readonly Entry<E>[]) => Step[];
}

/** A decision that what it finds keeps changing under is made again this often. */
const MAX_DECISIONS = 15;
/** TransactWriteItems holds no more. */
const MAX_STEPS = 100;
/**
 * Decides on records that were read, and writes. `decide` is pure: it looks at the records and comes to steps and an
 * answer, or refuses. Every rule it proves must stand again in the conditions of its steps. Where one of those does
 * not hold, the records are made to show what is really there and the same decision is made again: so a rule has one
 * place and one error, whether it failed on the read or in the write. Before a lost race ends in an error, all records
 * are read once more: an error may not rest on records of two moments, such as that an inviter has left a group that is
 * dissolved by now.
 * @throws Unavailable when the records keep changing
 */
export async function transact<R extends Reads, T>(
  db: Database,
  reads: R,
  decide: (records: Records<R>) => Plan<T>,
): Promise<T> {
  let decision: Plan<T>;
  /** Whether all records are. */
  let ofOneMoment = true;
  for (let round = 1; round <= MAX_DECISIONS; round++) {
    try {
      decision = decide(db.records(reads));
    } catch (error) {
      if (ofOneMoment || !(error instanceof ApiError)) throw error;
      await db.load([reads]);
      ofOneMoment = true;
      continue;
    }
    if (await db.write(decision.steps)) return decision.answer();
    // Those of the conditions that failed are newer now.
    ofOneMoment = false;
  }
  throw new Unavailable('a record keeps changing');
}

/**
 * Changes entries of a list, each on its own, as many a transaction as fit (100 items); transactions follow one
 * another. A refused entry never undoes the others.
 * @returns for each entry its error, or undefined where it succeeded
 */
export async function transactEach<R extends Reads, E>(
  db: Database,
  reads: R,
  entries: readonly E[],
  plan: BatchPlan<R, E>,
): Promise<(ApiError | undefined)[]> {
  const errors: (ApiError | undefined)[] = entries.map(() => undefined);
  let pending: readonly Entry<E>[] = entries.map((entry, index) => ({ entry, index }));
  let written = false;
  for (let round = 1; round <= MAX_DECISIONS; ) {
    const records = db.records(reads);
    try {
      plan.permit(records);
    } catch (error) {
      // What earlier transactions of this call did stays done; the entries still to come are refused.
      if (!written || !(error instanceof ApiError)) throw error;
      for (const { index } of pending) errors[index] = error;
      return errors;
    }
    const opening = written ? [] : (plan.opening?.(records) ?? []);
    const { later, steps, refused } = firstBatch(records, pending, plan, opening, errors);
    if (await db.write(steps)) {
      for (const [index, error] of refused) errors[index] = error;
      if (later.length === 0) return errors;
      written = true;
      pending = later;
      round = 1;
    } else {
      // All are decided again, the refused ones too: a full group may have a seat now that another entry fell out.
      round++;
    }
  }
  throw new Unavailable('a record keeps changing');
}

/** The entries that go into the next transaction, with its steps, and the errors of those that do not. */
function firstBatch<R extends Reads, E>(
  records: Records<R>,
  pending: readonly Entry<E>[],
  plan: BatchPlan<R, E>,
  opening: Step[],
  earlier: readonly (ApiError | undefined)[],
) {
  const refused = new Map<number, ApiError>();
  let batch: Entry<E>[] = [];
  let own = opening;
  const closing = (entries: readonly Entry<E>[]) =>
    plan.closing?.(
      records,
      entries,
      earlier.map((error, index) => refused.get(index) ?? error),
    ) ?? [];
  const around = (entries: readonly Entry<E>[]) => [...plan.shared(records, entries), ...closing(entries)];
  for (const [place, candidate] of pending.entries()) {
    try {
      const more = plan.entry(records, candidate, batch);
      if (more.length === 0) continue;
      const next = [...batch, candidate];
      if (own.length + more.length + around(next).length > MAX_STEPS)
        return { later: pending.slice(place), refused, steps: [...plan.shared(records, batch), ...own] };
      batch = next;
      own = [...own, ...more];
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refused.set(candidate.index, error);
    }
  }
  const changed = own.length > 0 ? [...plan.shared(records, batch), ...own] : [];
  return { later: [], refused, steps: [...changed, ...closing(batch)] };
}
