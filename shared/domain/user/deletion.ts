import type { Call } from '../../call/call.ts';
import * as counters from '../../data/counter-repo.ts';
import * as devices from '../../data/device-repo.ts';
import { putJob } from '../../data/job-repo.ts';
import * as users from '../../data/user-repo.ts';
import { withPassword } from './password-change.ts';

/**
 * Section 1.6: login, sessions and names end at once; the background removes groups, invitations, applications and
 * devices. A user token needs the password, an admin token does not.
 * @throws ApiError badParameter, noPermission
 */
export function deleteUser(call: Call, password: string | undefined): Promise<true> {
  const { app, now } = call;
  return withPassword(call, { field: 'password', password, adminExempt: true }, (user, device) => [
    ...users.bury(app, user),
    ...(device ? [devices.checkFailures(app, user.user, device)] : []),
    putJob({ kind: 'deleted user', app, user: user.user, createdAt: now }),
    ...(call.limits.users > 0 ? [counters.count(app, 'users', -1)] : []),
  ]);
}
