import type { User } from '../../data/user-repo.ts';
import { Refusal } from '../../refusal.ts';

/** The user that is there, disabled or not. @throws Refusal 10000 */
export function livingUser(user: User | undefined): User {
  if (!user || user.status === 'deleted') throw new Refusal('userMissing');
  return user;
}
