import { type App, limitsOf } from '../../data/app-repo.ts';
import { Database } from '../../data/database.ts';
import type { OperatorTable } from '../../data/operator-queries.ts';
import { badParameter } from '../../errors.ts';
import { LIMITS, type LimitName, type Limits, MOST } from '../../limits.ts';
import { appNamed, changeApp } from './apps.ts';
import { recount } from './recount.ts';

/** Undefined: back to the default. */
export type LimitChanges = { [name in LimitName]?: number | undefined };

/** Where 0 has a meaning: none at all, and for `users` and `groups` no limit. Anything else is at least 1. */
const MAY_BE_ZERO: readonly LimitName[] = [
  'users',
  'groups',
  'group_admins',
  'groups_owned',
  'groups_joined',
  'files',
  'tags',
  'friends',
  'blocked',
  'friend_requests',
  'strangers_may_message',
];
/** No limit without a bound of its own is larger than the API's integers. */
const LARGEST = 2 ** 31 - 1;

const isLimit = (name: string): name is LimitName => Object.hasOwn(LIMITS, name);

/** The least and the most that a limit may be set to. */
export const boundsOf = (name: LimitName) => ({
  least: MAY_BE_ZERO.includes(name) ? 0 : 1,
  most: MOST[name] ?? LARGEST,
});

/**
 * Reads `name=value` as operators write it; the value `default` takes a setting back.
 * @throws ApiError badParameter that names what is wrong
 */
export function parseLimit(text: string): LimitChanges {
  const [name = '', value = ''] = text.split('=', 2);
  if (!isLimit(name))
    throw badParameter('limit', `there is no "${name}": it is one of ${Object.keys(LIMITS).join(', ')}`);
  if (value === 'default') return { [name]: undefined };
  const { least, most } = boundsOf(name);
  const number = /^\d{1,10}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= least && number <= most))
    throw badParameter(name, `takes a whole number from ${least} to ${most}, or "default"; not "${value}"`);
  return { [name]: number };
}

/**
 * Changes an app's limits. A limit of users or groups that was not there before is counted up first (see `recount`
 * for what that costs); from then on registrations and groups are counted as they come and go.
 * @throws ApiError appMissing where there is no such app
 */
export async function setLimits(
  table: OperatorTable,
  app: string,
  changes: LimitChanges,
): Promise<{ app: App; counted: Partial<Record<'users' | 'groups', number>> }> {
  const db = new Database(table.client, table.name);
  const before = limitsOf(await appNamed(db, app));
  const fresh = (['users', 'groups'] as const).filter((name) => changes[name] && before[name] === 0);
  const counted = fresh.length > 0 ? await recount(table, app, fresh) : {};
  return { app: await changeApp(db, app, (now) => ({ limits: withChanges(now.limits, changes) })), counted };
}

/** The set limits after the changes; what is back at its default is left out. */
export function withChanges(limits: Partial<Limits>, changes: LimitChanges): Partial<Limits> {
  const all = Object.entries({ ...limits, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
