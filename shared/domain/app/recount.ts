import { type Counted, correctionStep, countersOf, totalOf } from '../../data/counter-repo.ts';
import { Database } from '../../data/database.ts';
import { directoryPartition } from '../../data/keys.ts';
import type { OperatorTable } from '../../data/operator-queries.ts';
import type { Page, Query } from '../../data/read.ts';
import { userOf } from '../../data/user-repo.ts';
import { Unavailable } from '../../errors.ts';

/** Sort keys of the directory are digits and `#`. */
const FIRST = '0';
const LAST = '~';
/** Users a page where their records are read: ten BatchGets side by side. */
const PAGE = 1000;

/**
 * Counts users, groups or both of an app again and puts its counters right. Reads the directory (one read unit for
 * about 100 users); for groups also every user's record, whose `owned` it sums (one read unit each).
 *
 * Who registers meanwhile sorts behind the last user at its start, so it is left to the counters. Groups made or
 * dissolved meanwhile may be counted twice or not at all.
 * @throws Unavailable where another recount ended meanwhile (nothing is changed then)
 */
export async function recount(
  table: OperatorTable,
  app: string,
  asked: readonly Counted[],
  now = Date.now(),
): Promise<Partial<Record<Counted, number>>> {
  const open = () => new Database(table.client, table.name);
  const db = open();
  const last = directory(app, [FIRST, LAST], { descending: true, limit: 1 });
  const { shards, page } = await db.read({ shards: countersOf(app), page: last });
  const newest = page.items[0]?.sk as string | undefined;
  const totals =
    newest === undefined ? { users: 0, groups: 0 } : await count(open, app, newest, asked.includes('groups'));
  const off = Object.fromEntries(asked.map((name) => [name, totals[name] - totalOf(shards, name)]));
  if (!(await db.write([correctionStep(app, shards, off, now)])))
    throw new Unavailable('another recount of this app ended meanwhile, and this one changed nothing');
  return Object.fromEntries(asked.map((name) => [name, totals[name]]));
}

/** Users up to `newest`, and where asked the groups that they own; not more than a page of records in memory. */
async function count(open: () => Database, app: string, newest: string, groupsToo: boolean) {
  const totals = { users: 0, groups: 0 };
  for (let from: string | undefined = FIRST; from; ) {
    const db = open();
    const page: Page = await db.read(
      directory(app, [from, newest], groupsToo ? { limit: PAGE } : { count: true, all: true }),
    );
    totals.users += page.count;
    const users = await db.read(page.items.map(({ sk }) => userOf(app, userIn(sk))));
    for (const user of users) totals.groups += user?.owned ?? 0;
    // The next key: a space sorts before all that a longer key could go on with.
    from = page.last && `${page.last.sk} `;
  }
  return totals;
}

const directory = (app: string, between: [string, string], how: Partial<Query<Page>['query']>): Query<Page> => ({
  query: { partition: directoryPartition(app), between, ...how },
  parse: (page) => page,
});

const userIn = (sk: unknown) => Number(String(sk).split('#')[1]);
