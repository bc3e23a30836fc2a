import { type Counted, correctionStep, countersOf, totalOf } from '../../data/counter-repo.ts';
import { Database } from '../../data/database.ts';
import { directoryPartition } from '../../data/keys.ts';
import type { OperatorTable } from '../../data/operator-queries.ts';
import type { Item, Page, Query } from '../../data/read.ts';
import { userOf } from '../../data/user-repo.ts';
import { Unavailable } from '../../refusal.ts';

/** Users a page where their records are read: ten BatchGets side by side. */
const PAGE = 1000;

/**
 * Counts users, groups or both of an app again and puts its counters right. Reads the directory (one read unit for
 * about 80 users); for groups also every user's record, whose `owned` it sums (one read unit each).
 *
 * Who registers meanwhile sorts behind the last user at its start, so it is left to the counters. Groups made or
 * dissolved meanwhile may be counted twice or not at all.
 * @throws Unavailable where another recount ended meanwhile (nothing is changed then)
 */
export async function recount<C extends Counted>(
  table: OperatorTable,
  app: string,
  counted: readonly C[],
  now = Date.now(),
): Promise<Record<C, number>> {
  const open = () => new Database(table.client, table.name);
  const db = open();
  const { shards, newest } = await db.read({ shards: countersOf(app), newest: newestUser(app) });
  const totals = { users: 0, groups: 0 };
  const withGroups = (counted as readonly Counted[]).includes('groups');
  let after: Item | undefined;
  do {
    if (newest === undefined) break;
    const pages = open();
    const page = await pages.read(directoryPage(app, newest, after, withGroups));
    totals.users += page.count;
    if (withGroups)
      for (const user of await pages.read(page.items.map(({ sk }) => userOf(app, userIn(sk)))))
        totals.groups += user?.owned ?? 0;
    after = page.last;
  } while (after);
  const off = Object.fromEntries(counted.map((name) => [name, totals[name] - totalOf(shards, name)]));
  if (!(await db.write([correctionStep(app, shards, off, now)])))
    throw new Unavailable('another recount of this app ended meanwhile, and this one changed nothing');
  return totals;
}

const newestUser = (app: string): Query<string | undefined> => ({
  query: { partition: directoryPartition(app), between: ALL, descending: true, limit: 1 },
  parse: ({ items }) => items[0]?.sk as string | undefined,
});

const directoryPage = (app: string, newest: string, after: Item | undefined, bring: boolean): Query<Page> => ({
  query: {
    partition: directoryPartition(app),
    between: [ALL[0], newest],
    ...(after && { after }),
    ...(bring ? { limit: PAGE } : { count: true }),
  },
  parse: (page) => page,
});

/** Sort keys of the directory start with a digit. */
const ALL = ['0', '~'] as const;

const userIn = (sk: unknown) => Number(String(sk).split('#')[1]);
