import type { Database } from '../data/database.ts';
import type { Reads, Records } from '../data/read.ts';
import type { Step } from '../data/step.ts';
import { ApiError, Unavailable } from '../errors.ts';

// The domain knows the shapes of reads and writes, but not how they are made.
export { withProof } from '../data/proof.ts';
export type { Reads, Records, Step };

/** The result of a decision: the steps to write, and the answer (or error) once they are written. */
export interface Plan<T> {
  steps: Step[];
  answer: () => T;
}

/** An entry of a list, with its place in the request. */
export interface Entry<E> {
  entry: E;
  index: number;
}

/** How a list of entries is changed; see `transactEach`. All its functions are pure and may run again. */
export interface BatchPlan<R extends Reads, E> {
  /** Throws to refuse the whole call. Runs before every transaction. */
  permit: (records: Records<R>) => void;
  /** Further steps of the first transaction, whatever becomes of the entries. Its error is the call's. */
  opening?: (records: Records<R>) => Step[];
  /** Further steps of the last transaction, whatever became of the entries. */
  closing?: (records: Records<R>, batch: readonly Entry<E>[], errors: (ApiError | undefined)[]) => Step[];
  /** The steps of one entry, which joins the batch of its transaction, or its error. No steps: nothing to do. */
  entry: (records: Records<R>, entry: Entry<E>, batch: readonly Entry<E>[]) => Step[];
  /** The steps that a transaction needs once for its whole batch. */
  shared: (records: Records<R>, batch: readonly Entry<E>[]) => Step[];
}

/** How often a decision is made again when records change under it. */
const MAX_DECISIONS = 15;
/** TransactWriteItems holds no more. */
const MAX_STEPS = 100;

/**
 * Decides on the records that were read, and writes. `decide` is pure: from the records it makes a plan, or throws an
 * error. Every rule that it proves is a condition of a step too. Where a condition does not hold, the records are
 * corrected and the same decision is made again. So a rule has one place and one error, whether it fails on the read or
 * in the write. Before a lost race ends in an error, all records are read again, since an error must not rest on records
 * of two moments (such as an inviter who has left a group that is dissolved by now).
 * @throws Unavailable when the records keep changing
 */
export async function transact<R extends Reads, T>(
  db: Database,
  reads: R,
  decide: (records: Records<R>) => Plan<T>,
): Promise<T> {
  let decision: Plan<T>;
  /** All records were read at the same time. */
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
    // The records of failed conditions are newer now.
    ofOneMoment = false;
  }
  throw new Unavailable('a record keeps changing');
}

/**
 * Changes the entries of a list, each on its own: one transaction after the other, each with as many entries as fit into
 * 100 items. A refused entry never undoes the others.
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
      // Earlier transactions of this call stay written; the remaining entries are refused.
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
      // Refused entries are decided again too: a full group has room where another entry has been refused since.
      round++;
    }
  }
  throw new Unavailable('a record keeps changing');
}

/** The steps of the next transaction, the entries refused before it, and the entries left for later ones. */
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
