import { wholeNumber } from '../../call/call.ts';
import { Database } from '../../data/database.ts';
import { exists } from '../../data/expression.ts';
import { deviceKey, lockKey } from '../../data/keys.ts';
import type { OperatorTable } from '../../data/operator-queries.ts';
import { remove, update } from '../../data/step.ts';
import {
  type Device,
  devicesOf,
  type Lock,
  lockOf,
  mobileOf,
  type User,
  usernameOf,
  userOf,
} from '../../data/user-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { appNamed } from './apps.ts';

/**
 * The user that an operator means: by id, username or mobile number. Digits alone may be an id or a mobile number
 * (no username is all digits); where they are both, of two users, neither is taken.
 * @throws ApiError userMissing where there is none (any more), badParameter where it could be two
 */
async function findUser(db: Database, app: string, named: string): Promise<User> {
  const text = named.trim();
  const id = wholeNumber(text);
  const holders = await db.read([...(/^\+?\d{5,15}$/.test(text) ? [mobileOf(app, text)] : []), usernameOf(app, text)]);
  const ids = new Set([
    ...holders.flatMap((holder) => (holder ? [holder.user] : [])),
    ...(id === undefined ? [] : [id]),
  ]);
  const users = (await db.read([...ids].map((user) => userOf(app, user)))).filter(
    (user) => user !== undefined && user.status !== 'deleted',
  );
  const [user, other] = users;
  if (!user) throw new ApiError('userMissing', `app "${app}" has no user "${named}"`);
  if (other)
    throw badParameter(
      'user',
      `"${named}" is the mobile number of ${user.username} and the id of ${other.username}: give the username`,
    );
  return user;
}

/**
 * Who a user is, for an operator who was asked about them.
 * @throws ApiError appMissing, userMissing, badParameter as `findUser`
 */
export async function showUser(
  table: OperatorTable,
  app: string,
  named: string,
): Promise<{ user: User; lock: Lock | undefined; devices: Device[] }> {
  const db = new Database(table.client, table.name);
  await appNamed(db, app);
  const user = await findUser(db, app, named);
  const more = await db.read({ lock: lockOf(app, String(user.user)), devices: devicesOf(app, user.user) });
  return { user, ...more };
}

/**
 * Forgets the failed logins of a user, the account's and those of each device, so that all may log in again at once.
 * @returns the user, and what was forgotten
 * @throws ApiError appMissing, userMissing, badParameter as `findUser`
 */
export async function unlockUser(
  table: OperatorTable,
  app: string,
  named: string,
): Promise<{ user: User; lock: Lock | undefined; devices: Device[] }> {
  const found = await showUser(table, app, named);
  const id = found.user.user;
  const db = new Database(table.client, table.name);
  await db.write([remove(lockKey(app, String(id)))]);
  const devices = found.devices.filter(({ fails }) => fails !== undefined);
  // One by one: a device that is gone meanwhile needs nothing.
  for (const { sn } of devices) await db.write([update(deviceKey(app, id, sn), { set: { fails: undefined } }, exists)]);
  return { ...found, devices };
}
