import type { Database } from '../../data/database.ts';
import { isErased, userOf } from '../../data/user-repo.ts';
import { ERASED, usersIn, withoutUser } from '../../events/erased.ts';
import type { AppId, UserId } from '../../ids.ts';

/**
 * Events without the users who have been erased since they happened. The erasure of a user waits until its events are
 * told; this is for those that come later all the same.
 */
export async function withoutErased<E extends Parameters<typeof withoutUser>[0]>(
  db: Database,
  app: AppId,
  events: readonly E[],
): Promise<E[]> {
  const users = [...new Set(events.flatMap(usersIn))].filter((user) => user !== ERASED) as UserId[];
  const records = await db.beside().read(users.map((user) => userOf(app, user)));
  const erased = users.filter((_, index) => isErased(records[index]));
  return events.map((event) => erased.reduce<E>(withoutUser, event));
}
