/** The result of one check. */
export interface Finding {
  check: string;
  /** `unknown`: the check could not run. This alone is not a failure. */
  state: 'right' | 'wrong' | 'unknown';
  /** What the check observed, in plain words. */
  says: string;
  /** What an operator can do about it. */
  remedy?: string;
}

export const right = (check: string, says: string): Finding => ({ check, state: 'right', says });
export const wrong = (check: string, says: string, remedy: string): Finding => ({
  check,
  state: 'wrong',
  says,
  remedy,
});
export const unknown = (check: string, says: string, remedy: string): Finding => ({
  check,
  state: 'unknown',
  says,
  remedy,
});
