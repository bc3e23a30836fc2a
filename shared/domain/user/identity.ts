import type { Call } from '../../call/call.ts';
import * as users from '../../data/user-repo.ts';
import { mobileOf, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { existingUser } from './status.ts';

/**
 * Section 1.40: another username; the old one is free at once, in the same transaction.
 * @throws ApiError usernameTaken
 */
export function rename(call: Call, username: string): Promise<true> {
  const { app, person: me } = call;
  return call.change({ user: userOf(app, me), holder: usernameOf(app, username) }, ({ user: found, holder }) => {
    const user = existingUser(found);
    if (holder && holder.user !== me) throw new ApiError('usernameTaken');
    return {
      steps: username === user.username ? [] : users.rename(app, user, username),
      answer: () => true as const,
    };
  });
}

/**
 * Section 1.14: another mobile number, compared as written; the old one is free at once.
 * @throws ApiError mobileTaken
 */
export function setMobile(call: Call, mobile: string): Promise<true> {
  const { app, person: me } = call;
  return call.change({ user: userOf(app, me), holder: mobileOf(app, mobile) }, ({ user: found, holder }) => {
    const user = existingUser(found);
    if (holder && holder.user !== me) throw new ApiError('mobileTaken');
    return { steps: mobile === user.mobile ? [] : users.changeMobile(app, user, mobile), answer: () => true as const };
  });
}
