import type { Call } from '../../call/call.ts';
import { unchanged } from '../../data/expression.ts';
import { deviceKey, userKey } from '../../data/keys.ts';
import { type Step, update } from '../../data/step.ts';
import { type Device, deviceOf, lockOf, NOT_DELETED, type User, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { existingUser } from './existing.ts';
import { failureSteps, isLockedOut, sameCount } from './lock-out.ts';
import { refuse } from './login.ts';
import { hashPassword, isPassword } from './password.ts';

const rejected = (field: string, why: string) => new ApiError('noPermission', `${field}: ${why}`);

/**
 * Proves the actor's password, then writes what `steps` come to. A wrong one counts as a failed login of the actor's
 * device, whose tenth is the last that is heard: `steps` must prove the count of the device they are given. An admin
 * token proves the actor by itself where `adminExempt`.
 * @throws ApiError badParameter where it is missing, noPermission where it is wrong
 */
export async function withPassword(
  call: Call,
  { field, password, adminExempt }: { field: string; password: string | undefined; adminExempt: boolean },
  steps: (user: User, device: Device | undefined) => Step[],
  prepare: () => Promise<void> = async () => {},
): Promise<true> {
  const me = call.person;
  const reads = { user: userOf(call.app, me), lock: lockOf(call.app, String(me)) };
  const { user: read } = await call.open(reads);
  const exempt = adminExempt && call.actor.kind !== 'user';
  if (!exempt && password === undefined) throw badParameter(field, 'is required');
  const matches = exempt || (await isPassword(password ?? '', read?.password));
  if (matches) await prepare();
  return call.transact(reads, ({ user: found, lock }) => {
    const user = existingUser(found);
    // Undefined where it was removed meanwhile: it must not come back as half a device.
    const device =
      call.actor.kind === 'user' ? call.db.cached(deviceOf(call.app, me, call.actor.device))?.record : undefined;
    const attempt = { account: String(me), lock, known: device && { user: me, device } };
    if (device && isLockedOut(call, attempt))
      throw rejected(field, 'too many wrong passwords, try again in some minutes');
    // A password changed meanwhile is not the one that was compared.
    if (!matches || (!exempt && user.password?.hash !== read?.password?.hash))
      return { steps: failureSteps(call, attempt), answer: refuse(rejected(field, 'wrong password')) };
    return { steps: steps(user, device), answer: () => true as const };
  });
}

/** Section 1.4: the old password must match; every other device is signed out. @throws ApiError noPermission */
export async function changePassword(call: Call, given: { old_password: string; new_password: string }): Promise<true> {
  let password: User['password'] | undefined;
  const prepare = async () => {
    password = await hashPassword(given.new_password);
  };
  const steps = (user: User, device: Device | undefined) => {
    const epoch = user.epoch + 1;
    const { app, person } = call;
    return [
      update(userKey(app, person), { set: { password, epoch } }, unchanged(user, 'status', 'epoch')),
      // The device that asks stays signed in: its session moves to the new epoch.
      ...(device ? [update(deviceKey(app, person, device.sn), { set: { epoch } }, sameCount(device))] : []),
    ];
  };
  const proof = { field: 'old_password', password: given.old_password, adminExempt: false };
  return withPassword(call, proof, steps, prepare);
}

/** Section 1.5: a new password by an admin token; every device is signed out. */
export async function setPassword(call: Call, given: string): Promise<true> {
  const reads = { user: userOf(call.app, call.person) };
  const [password] = await Promise.all([hashPassword(given), call.open(reads)]);
  return call.transact(reads, ({ user }) => {
    existingUser(user);
    const changes = { set: { password }, add: { epoch: 1 } };
    return { steps: [update(userKey(call.app, call.person), changes, NOT_DELETED)], answer: () => true as const };
  });
}
