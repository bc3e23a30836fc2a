import type { Call } from '../../call/call.ts';
import { countStep } from '../../data/counter-repo.ts';
import { unchanged } from '../../data/expression.ts';
import { putJob } from '../../data/job-repo.ts';
import { deviceKey, directoryKey, mobileKey, userKey, usernameKey } from '../../data/keys.ts';
import { check, measured, remove, type Step, update } from '../../data/step.ts';
import { type Device, freeFor, type User } from '../../data/user-repo.ts';
import { sameCount } from './lock-out.ts';
import { withPassword } from './password-change.ts';

/**
 * Section 1.6: at once gone for login, tokens and names; groups, invitations, applications and devices follow behind.
 * A user token proves itself by the password, an admin token needs none.
 * @throws ApiError badParameter, noPermission
 */
export const deleteUser = (call: Call, password: string | undefined): Promise<true> =>
  withPassword(call, { field: 'password', password, adminExempt: true }, (user, device) =>
    deletion(call, user, device),
  );

function deletion(call: Call, user: User, device: Device | undefined): Step[] {
  const { app, now } = call;
  const id = user.user;
  const tombstone = { status: 'deleted', epoch: user.epoch + 1, username: '', mobile: undefined, password: undefined };
  return [
    measured(
      'users_deleted',
      update(userKey(app, id), { set: tombstone }, unchanged(user, 'status', 'epoch', 'username', 'mobile')),
    ),
    remove(usernameKey(app, user.username), freeFor(id)),
    ...(user.mobile === undefined ? [] : [remove(mobileKey(app, user.mobile), freeFor(id))]),
    remove(directoryKey(app, user.createdAt, id)),
    ...(device ? [check(deviceKey(app, id, device.sn), sameCount(device))] : []),
    putJob({ kind: 'deleted user', app, user: id, createdAt: now }),
    ...(call.limits.users > 0 ? [countStep(app, 'users', -1)] : []),
  ];
}
