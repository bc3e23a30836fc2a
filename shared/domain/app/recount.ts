import * as counters from '../../data/counter-repo.ts';
import { type Counted, countersOf, totalOf } from '../../data/counter-repo.ts';
import { beginGeneration } from '../../data/directory-count-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { directoryEnd, userOf } from '../../data/user-repo.ts';
import { Unavailable } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { directoryPages } from './directory-pages.ts';

/** Users per page where their records are read: ten BatchGets in parallel. */
const PAGE = 1000;

/**
 * Counts users, groups or both of an app again and corrects its counters. Reads the directory (one read unit for about
 * 100 users). For groups it also reads every user's record and sums up `owned` (one read unit each).
 *
 * Users who register meanwhile come after the last user at the start, so only the counters count them. Groups made or
 * dissolved meanwhile may be counted twice or not at all.
 * @throws Unavailable where another recount has ended meanwhile; then nothing is changed
 */
export async function recount(
  table: OperatorTable,
  app: AppId,
  asked: readonly Counted[],
  now = Date.now(),
): Promise<Partial<Record<Counted, number>>> {
  const db = viewOf(table);
  const { shards, end } = await db.read({ shards: countersOf(app), end: directoryEnd(app) });
  const totals = end === undefined ? { users: 0, groups: 0 } : await count(table, app, end, asked.includes('groups'));
  const difference = Object.fromEntries(asked.map((name) => [name, totals[name] - totalOf(shards, name)]));
  // Pages of all users by their number are counted anew, too.
  if (!(await db.write([counters.correct(app, shards, difference, now), beginGeneration(app)])))
    throw new Unavailable('another recount of this app ended meanwhile, and this one changed nothing');
  return Object.fromEntries(asked.map((name) => [name, totals[name]]));
}

/** Users up to `end`, and where asked the groups that they own, with at most a page of records in memory. */
async function count(table: OperatorTable, app: AppId, end: string, groupsToo: boolean) {
  const totals = { users: 0, groups: 0 };
  const open = () => viewOf(table);
  for await (const page of directoryPages(open, app, { to: end, ...(groupsToo ? { limit: PAGE } : { count: true }) })) {
    totals.users += page.count;
    const users = await open().read(page.users.map((user) => userOf(app, user)));
    for (const user of users) totals.groups += user?.owned ?? 0;
  }
  return totals;
}
