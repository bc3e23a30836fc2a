import type { User } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';

/** The user that is there, disabled or not. @throws ApiError userMissing */
export function existingUser(user: User | undefined): User {
  if (!user || user.status === 'deleted') throw new ApiError('userMissing');
  return user;
}
