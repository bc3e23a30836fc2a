import { type App, limitsOf } from '../../data/app-repo.ts';
import { type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { badParameter } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { ALLOWANCES, type AllowanceName, LIMITS, type LimitName, type Limits, MAXIMUMS } from '../../limits.ts';
import { appNamed, changeApp } from './apps.ts';
import { recount } from './recount.ts';

/** Limits to set; undefined restores the default. */
export type LimitChanges = { [name in LimitName]?: number | undefined };

/** Limits that may be 0: none at all, and for `users`, `groups` and what a caller may do per time unlimited. All others are at least 1. */
const MAY_BE_ZERO: readonly LimitName[] = [
  'users',
  'groups',
  'guests',
  'group_admins',
  'groups_owned',
  'groups_joined',
  'files',
  'tags',
  'friends',
  'blocked',
  'friend_requests',
  'strangers_may_message',
  'event_days',
  ...(Object.keys(ALLOWANCES) as AllowanceName[]),
  'invitations_per_user_per_day',
];
/** The largest integer of the API bounds limits that have no bound of their own. */
const LARGEST = 2 ** 31 - 1;

const isLimit = (name: string): name is LimitName => Object.hasOwn(LIMITS, name);

/** The least and the most that a limit may be set to. */
export const boundsOf = (name: LimitName) => ({
  least: MAY_BE_ZERO.includes(name) ? 0 : 1,
  most: MAXIMUMS[name] ?? LARGEST,
});

/**
 * Parses `name=value` as operators write it. The value `default` restores the default.
 * @throws ApiError badParameter
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
 * Changes an app's limits. Before a limit of users or groups is set for the first time, they are counted (`recount` says
 * what that costs). From then on each registration, deletion, new and dissolved group is counted.
 * @throws ApiError appMissing where there is no such app
 */
export async function setLimits(
  table: OperatorTable,
  app: AppId,
  changes: LimitChanges,
): Promise<{ app: App; counted: Partial<Record<'users' | 'groups', number>> }> {
  const db = viewOf(table);
  const before = limitsOf(await appNamed(db, app));
  const fresh = (['users', 'groups'] as const).filter((name) => changes[name] && before[name] === 0);
  const counted = fresh.length > 0 ? await recount(table, app, fresh) : {};
  return { app: await changeApp(db, app, (now) => ({ limits: withChanges(now.limits, changes) })), counted };
}

/** The limits after the changes, without those at their default. */
export function withChanges(limits: Partial<Limits>, changes: LimitChanges): Partial<Limits> {
  const all = Object.entries({ ...limits, ...changes });
  return Object.fromEntries(all.filter(([, value]) => value !== undefined));
}
