import { countersOf, countStep, totalOf } from '../../data/counter-repo.ts';
import { putUser, type User, usernameOf } from '../../data/user-repo.ts';
import { Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { settle } from '../decision.ts';
import { newId } from '../ids.ts';
import { hashPassword } from './password.ts';
import { settingsRecord } from './settings.ts';

/**
 * Section 1.34: a new user. Whoever writes the name first has it.
 * @throws Refusal 40001 40002 10004
 */
export async function register(call: Call, username: string, password: string) {
  const holder = usernameOf(call.app, username);
  const counters = countersOf(call.app);
  const counted = (call.heldLimits?.users ?? 0) > 0;
  // Side by side: hashing takes longer than the read.
  const [hash] = await Promise.all([hashPassword(password), call.open([holder, counted ? counters : []])]);
  const limit = call.limits.users;
  if (limit > 0 && !counted) await call.db.load([counters]);
  return settle(call.db, { holder, counters }, ({ holder, counters }) => {
    if (call.tenant.registration !== 'open') throw new Refusal('registrationClosed');
    if (limit > 0 && totalOf(counters, 'users') >= limit) throw new Refusal('tooManyUsers');
    if (holder) throw new Refusal('usernameTaken');
    const user: User = {
      user: newId(),
      status: 'active',
      username,
      password: hash,
      epoch: 0,
      confirm: false,
      joined: 0,
      owned: 0,
      made: call.now,
    };
    const count = limit > 0 ? [countStep(call.app, 'users', 1)] : [];
    return { steps: [...putUser(call.app, user), ...count], answer: () => settingsRecord(user, undefined) };
  });
}
