import type { Call } from '../../call/call.ts';
import * as users from '../../data/user-repo.ts';
import { isUser, type User, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import type { UserId } from '../../ids.ts';

/** The user, disabled or not. @throws ApiError userMissing */
export function existingUser(user: User | undefined): User {
  if (!isUser(user)) throw new ApiError('userMissing');
  return user;
}

/**
 * Sections 1.9, 1.11: all users of the list, or none of them, in one transaction (100 items at most). Disabling ends
 * all sessions for good; enabling allows new logins.
 * @throws ApiError userMissing where one does not exist
 */
export function setStatus(call: Call, list: UserId[], status: 'active' | 'disabled'): Promise<true> {
  return call.change({ found: list.map((id) => userOf(call.app, id)) }, ({ found }) => {
    const unknown = list.find((_, index) => !isUser(found[index]));
    if (unknown !== undefined) throw new ApiError('userMissing', `list: user ${unknown} does not exist`);
    const step = status === 'active' ? users.enable : users.disable;
    return { steps: list.map((id) => step(call.app, id)), answer: () => true as const };
  });
}
