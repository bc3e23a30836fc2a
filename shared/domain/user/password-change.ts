import type { Call } from '../../call/call.ts';
import type { Step } from '../../call/transact.ts';
import * as devices from '../../data/device-repo.ts';
import { type Device, deviceOf } from '../../data/device-repo.ts';
import { lockOf } from '../../data/lock-repo.ts';
import * as users from '../../data/user-repo.ts';
import { type User, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { failureSteps, isLockedOut } from './lock-out.ts';
import { refuse } from './login.ts';
import { hashPassword, isPassword } from './password-hash.ts';
import { existingUser } from './status.ts';

const rejected = (field: string, why: string) => new ApiError('noPermission', `${field}: ${why}`);

/**
 * Proves the actor's password, then writes the steps. A wrong password counts as a failed login of the actor's device,
 * and the tenth locks it. So `steps` must prove the failures of the device that they are given. Where `adminExempt`, an
 * admin token needs no password.
 * @param prepare runs between the comparison and the write
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
    // A device removed meanwhile is not written, which would restore a part of it.
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

/** Section 1.4: the old password must match; all other devices are signed out. @throws ApiError noPermission */
export async function changePassword(call: Call, given: { old_password: string; new_password: string }): Promise<true> {
  let password: User['password'] | undefined;
  const prepare = async () => {
    password = await hashPassword(given.new_password);
  };
  const steps = (user: User, device: Device | undefined) => {
    const epoch = user.epoch + 1;
    const { app, person } = call;
    return [
      users.changePassword(app, user, password, epoch, device?.sn),
      ...(device ? [devices.keepSession(app, person, device, epoch)] : []),
    ];
  };
  const proof = { field: 'old_password', password: given.old_password, adminExempt: false };
  return withPassword(call, proof, steps, prepare);
}

/** Section 1.5: a new password by an admin token; all devices are signed out. */
export async function setPassword(call: Call, given: string): Promise<true> {
  const reads = { user: userOf(call.app, call.person) };
  const [password] = await Promise.all([hashPassword(given), call.open(reads)]);
  return call.transact(reads, ({ user }) => {
    existingUser(user);
    return { steps: [users.resetPassword(call.app, call.person, password)], answer: () => true as const };
  });
}
