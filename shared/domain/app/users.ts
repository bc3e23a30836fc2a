import { wholeNumber } from '../../call/caller.ts';
import * as allowances from '../../data/allowance-repo.ts';
import { limitsOf } from '../../data/app-repo.ts';
import { type ContactCounts, countsOf, openRequestsOf } from '../../data/contact-repo.ts';
import type { Database } from '../../data/database.ts';
import { clearFailures, type Device, devicesOf } from '../../data/device-repo.ts';
import { identitiesOf, type UserIdentity } from '../../data/identity-repo.ts';
import * as locks from '../../data/lock-repo.ts';
import { type Lock, lockOf } from '../../data/lock-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { isUser, mobileOf, type User, usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import type { AppId, UserId } from '../../ids.ts';
import { ALLOWANCES, USER_ALLOWANCES, type UserAllowance } from '../../limits.ts';
import { appNamed } from './apps.ts';

/**
 * Finds a user by id, username or mobile number. Digits alone may be an id or a mobile number (no username is all digits).
 * @throws ApiError userMissing where there is none (any more), badParameter where the digits name two users
 */
async function findUser(db: Database, app: AppId, named: string): Promise<User> {
  const text = named.trim();
  const id = wholeNumber<UserId>(text);
  const holders = await db.read([...(/^\+?\d{5,15}$/.test(text) ? [mobileOf(app, text)] : []), usernameOf(app, text)]);
  const ids = new Set([
    ...holders.flatMap((holder) => (holder ? [holder.user] : [])),
    ...(id === undefined ? [] : [id]),
  ]);
  const users = (await db.read([...ids].map((user) => userOf(app, user)))).filter(isUser);
  const [user, other] = users;
  if (!user) throw new ApiError('userMissing', `app "${app}" has no user "${named}"`);
  if (other)
    throw badParameter(
      'user',
      `"${named}" is the mobile number of ${user.username} and the id of ${other.username}: give the username`,
    );
  return user;
}

/** A user as operators see it. */
interface ShownUser {
  user: User;
  lock: Lock | undefined;
  devices: Device[];
  identities: UserIdentity[];
  contacts: ContactCounts | undefined;
  /** Requests that the user can accept; the counts may contain expired ones. */
  openRequests: number;
}

/**
 * A user with its lock, devices, and numbers of contacts.
 * @throws ApiError appMissing, userMissing, badParameter as `findUser`
 */
export async function showUser(table: OperatorTable, app: AppId, named: string): Promise<ShownUser> {
  const db = viewOf(table);
  await appNamed(db, app);
  const user = await findUser(db, app, named);
  const more = await db.read({
    lock: lockOf(app, String(user.user)),
    devices: devicesOf(app, user.user),
    identities: identitiesOf(app, user.user),
    contacts: countsOf(app, user.user),
    openRequests: openRequestsOf(app, user.user, Date.now()),
  });
  return { user, ...more };
}

/** How far a limit is used up. */
interface UsedLimit {
  limit: UserAllowance;
  /** 0: unlimited. */
  allowed: number;
  /** About so much, as of now. More than is allowed is a debt, which time pays. */
  used: number;
  /** Until when (ms) the user is held back. */
  until: number | undefined;
}

/**
 * How far a user has used up its limits, and when it was last told to be held back.
 * @param lift forget that
 * @throws ApiError appMissing, userMissing, badParameter as `findUser`
 */
export async function userLimits(
  table: OperatorTable,
  app: AppId,
  named: string,
  lift: boolean,
): Promise<{ user: User; uses: UsedLimit[] }> {
  const db = viewOf(table);
  const limits = limitsOf(await appNamed(db, app));
  const user = await findUser(db, app, named);
  const now = Date.now();
  const uses = USER_ALLOWANCES.map((limit) => {
    const [attribute, per] = ALLOWANCES[limit];
    const allowed = limits[limit];
    const paid = user[attribute] ?? 0;
    const used = Math.max(0, Math.round((1 - (now - paid) / per) * allowed));
    return { limit, allowed, used, until: allowed > 0 && paid > now ? paid : undefined };
  });
  if (lift && !(await db.write([allowances.lift(app, user)]))) throw new ApiError('userMissing');
  return { user, uses };
}

/**
 * Forgets the failed logins of a user's account and devices, so that all of them may log in again at once.
 * @returns the user, its lock, and the devices that had failed logins
 * @throws ApiError appMissing, userMissing, badParameter as `findUser`
 */
export async function unlockUser(table: OperatorTable, app: AppId, named: string): Promise<ShownUser> {
  const found = await showUser(table, app, named);
  const id = found.user.user;
  const db = viewOf(table);
  await db.write([locks.clear(app, String(id))]);
  const devices = found.devices.filter(({ fails }) => fails !== undefined);
  // Each in its own write, since a device may be gone meanwhile.
  for (const { sn } of devices) await db.write([clearFailures(app, id, sn)]);
  return { ...found, devices };
}
