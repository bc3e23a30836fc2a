import { oneOf } from '../../data/expression.ts';
import type { User } from '../../data/user-repo.ts';
import { Refusal } from '../../refusal.ts';

/** A user that is there, disabled or not. */
export const LIVING = oneOf('status', ['active', 'disabled']);

/** @throws Refusal 10000 where there is no such user, or not any more */
export function livingUser(user: User | undefined): User {
  if (!user || user.status === 'deleted') throw new Refusal('userMissing');
  return user;
}
