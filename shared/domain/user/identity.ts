import type { Call } from '../../call/call.ts';
import { unchanged } from '../../data/expression.ts';
import { mobileKey, userKey, usernameKey } from '../../data/keys.ts';
import { put, remove, type Step, update } from '../../data/step.ts';
import { freeFor, mobileOf, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError } from '../../errors.ts';
import { existingUser } from './existing.ts';

/**
 * Section 1.40: another username; the old one is free at once, in the same transaction. A change that
 * compares as equal keeps the one name it is.
 * @throws ApiError usernameTaken
 */
export function rename(call: Call, username: string): Promise<true> {
  const me = call.person;
  const reads = { user: userOf(call.app, me), holder: usernameOf(call.app, username) };
  return call.change(reads, ({ user: found, holder }) => {
    const user = existingUser(found);
    if (holder && holder.user !== me) throw new ApiError('usernameTaken');
    const keys = [usernameKey(call.app, user.username), usernameKey(call.app, username)] as const;
    const moved: Step[] =
      keys[0].pk === keys[1].pk ? [] : [put(keys[1], { user: me }, freeFor(me)), remove(keys[0], freeFor(me))];
    const renamed = update(userKey(call.app, me), { set: { username } }, unchanged(user, 'status', 'username'));
    return { steps: username === user.username ? [] : [...moved, renamed], answer: () => true as const };
  });
}

/**
 * Section 1.14: another mobile number, compared as written; the old one is free at once.
 * @throws ApiError mobileTaken
 */
export function setMobile(call: Call, mobile: string): Promise<true> {
  const me = call.person;
  const reads = { user: userOf(call.app, me), holder: mobileOf(call.app, mobile) };
  return call.change(reads, ({ user: found, holder }) => {
    const user = existingUser(found);
    if (holder && holder.user !== me) throw new ApiError('mobileTaken');
    const steps = [
      put(mobileKey(call.app, mobile), { user: me }, freeFor(me)),
      ...(user.mobile === undefined ? [] : [remove(mobileKey(call.app, user.mobile), freeFor(me))]),
      update(userKey(call.app, me), { set: { mobile } }, unchanged(user, 'status', 'mobile')),
    ];
    return { steps: mobile === user.mobile ? [] : steps, answer: () => true as const };
  });
}
