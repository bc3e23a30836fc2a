/** What one check has found. */
export interface Finding {
  check: string;
  /** `unknown`: it could not be looked at. That alone is no failure. */
  state: 'right' | 'wrong' | 'unknown';
  /** What was seen, in plain words. */
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
