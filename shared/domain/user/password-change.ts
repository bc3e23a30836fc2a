import { exists, unchanged } from '../../data/expression.ts';
import { deviceKey, userKey } from '../../data/keys.ts';
import { type Step, update } from '../../data/step.ts';
import { deviceOf, LIVING, lockOf, type User, userOf } from '../../data/user-repo.ts';
import { badParameter, Refusal } from '../../refusal.ts';
import type { Call } from '../call.ts';
import { livingUser } from './living.ts';
import { failure, refuse } from './login.ts';
import { hashPassword, isPassword } from './password.ts';

const wrong = (field: string) => new Refusal('noPermission', `${field}: wrong password`);

/**
 * Proves the actor's password, then writes what `steps` come to. A wrong one counts as a failed login. An admin token
 * proves the actor by itself where `adminExempt`.
 * @throws Refusal 10002 where it is missing, 10010 where it is wrong
 */
export async function withPassword(
  call: Call,
  { field, password, adminExempt }: { field: string; password: string | undefined; adminExempt: boolean },
  steps: (user: User) => Step[],
  prepare: () => Promise<void> = async () => {},
): Promise<true> {
  const me = call.person;
  const reads = { user: userOf(call.app, me), lock: lockOf(call.app, String(me)) };
  const { user: read } = await call.open(reads);
  const exempt = adminExempt && call.actor.kind !== 'user';
  if (!exempt && password === undefined) throw badParameter(field, 'is required');
  const matches = exempt || (await isPassword(password ?? '', read?.password));
  if (matches) await prepare();
  return call.settle(reads, ({ user: found, lock }) => {
    const user = livingUser(found);
    // A password changed meanwhile is not the one that was compared.
    if (!matches || (!exempt && user.password?.hash !== read?.password?.hash))
      return { steps: [failure(call, String(me), lock)], answer: refuse(wrong(field)) };
    return { steps: steps(user), answer: () => true as const };
  });
}

/** Section 1.4: the old password must match; every other device is signed out. @throws Refusal 10010 */
export async function changePassword(call: Call, given: { old_password: string; new_password: string }): Promise<true> {
  let password: User['password'] | undefined;
  const prepare = async () => {
    password = await hashPassword(given.new_password);
  };
  const steps = (user: User) => {
    const epoch = user.epoch + 1;
    const { actor, app, person } = call;
    // Removed meanwhile: it must not come back as half a device.
    const own = actor.kind === 'user' && call.db.known(deviceOf(app, person, actor.device))?.record;
    return [
      update(userKey(app, person), { set: { password, epoch } }, unchanged(user, 'status', 'epoch')),
      // The device that asks stays signed in: its session moves to the new epoch.
      ...(own ? [update(deviceKey(app, person, own.sn), { set: { epoch } }, exists)] : []),
    ];
  };
  const proof = { field: 'old_password', password: given.old_password, adminExempt: false };
  return withPassword(call, proof, steps, prepare);
}

/** Section 1.5: a new password by an admin token; every device is signed out. */
export async function setPassword(call: Call, given: string): Promise<true> {
  const reads = { user: userOf(call.app, call.person) };
  const [password] = await Promise.all([hashPassword(given), call.open(reads)]);
  return call.settle(reads, ({ user }) => {
    livingUser(user);
    const changes = { set: { password }, add: { epoch: 1 } };
    return { steps: [update(userKey(call.app, call.person), changes, LIVING)], answer: () => true as const };
  });
}
