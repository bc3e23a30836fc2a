import type { Outcome } from '../support/api.ts';

/** What a call, or an entry of its list, may answer at a moment. Several outcomes where two rules apply at once. */
export interface Verdict {
  outcomes: Outcome[];
  /** A success changes something. */
  changes: boolean;
  /** A success that may not write anything, not even the same again. */
  storesNothing?: true;
}

export const may = (...outcomes: Outcome[]): Verdict => ({ outcomes, changes: outcomes.includes('success') });
export const success = may('success');
/** A success that changes nothing. */
export const unchanged: Verdict = { outcomes: ['success'], changes: false };

export const succeeds = ({ outcomes }: Verdict): boolean => outcomes.includes('success');

/** The error of the first rule, or else what the next rule says. */
export const andThen = (first: Verdict, next: () => Verdict): Verdict =>
  first.outcomes[0] === 'success' ? next() : first;
