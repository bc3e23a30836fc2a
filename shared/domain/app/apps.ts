import { randomBytes } from 'node:crypto';
import { newAdminToken, tokenHash } from '../../call/token.ts';
import {
  APP_ID,
  APPS,
  type App,
  adminTokensOf,
  appOf,
  buryApp,
  foundApp,
  putAdminToken,
  putApp,
  updateApp,
} from '../../data/app-repo.ts';
import { Database } from '../../data/database.ts';
import { unchanged } from '../../data/expression.ts';
import { indexedKeys, type OperatorTable } from '../../data/operator-queries.ts';
import type { Get } from '../../data/read.ts';
import { remove } from '../../data/step.ts';
import { ApiError, badParameter, Unavailable } from '../../errors.ts';
import type { Limits } from '../../limits.ts';

/** 12 characters of the base-36 alphabet: 62 bits. */
const newAppId = () =>
  Array.from(randomBytes(12), (byte) => (byte % 36).toString(36))
    .join('')
    .replace(/^\d/, 'a');

/** What a tenant begins with: open, with a secret of its own. */
export const newApp = (app: string, limits: Partial<Limits> = {}, name = '', now = Date.now()): App => ({
  app,
  name,
  status: 'active',
  registration: 'open',
  secret: randomBytes(32).toString('base64url'),
  limits,
  createdAt: now,
});

/**
 * Makes a tenant. `app` is its id, drawn where not chosen.
 * @throws ApiError badParameter where the id is taken or cannot be one
 */
export async function createApp(
  db: Database,
  given: { app?: string; name?: string; limits?: Partial<Limits>; now?: number } = {},
): Promise<App> {
  const { app = newAppId(), name, limits, now } = given;
  if (!APP_ID.test(app)) throw badParameter('app_id', 'must have 1 to 64 letters, digits, _ or -');
  const record = newApp(app, limits, name, now);
  if (!(await db.write([putApp(record)])))
    throw badParameter('app_id', 'is taken (an id is never used twice, not even that of a deleted app)');
  return record;
}

/**
 * Issues an admin token: shown once, kept only as a hash.
 * @param given.expires milliseconds since 1970; absent: does not expire
 * @throws ApiError appMissing where there is no such app
 */
export async function issueAdminToken(
  db: Database,
  app: string,
  given: { name?: string; expiresAt?: number; now?: number } = {},
): Promise<string> {
  const { name = '', expiresAt, now = Date.now() } = given;
  const text = newAdminToken(await appNamed(db, app));
  const token = { name, createdAt: now, seen: 0, ...(expiresAt !== undefined && { expiresAt }) };
  await db.write([putAdminToken(app, tokenHash(text), token)]);
  return text;
}

/** @throws ApiError appMissing where there is no such app, or none any more */
export async function appNamed(db: Database, app: string): Promise<App> {
  const found = await db.read(appOf(app));
  if (!found) throw missingApp(app);
  return found;
}

const missingApp = (app: string) => new ApiError('appMissing', `there is no app "${app}"`);

/** All apps by id, but for deleted ones; on AWS one made in the last second may be missing. */
export async function allApps(table: OperatorTable): Promise<App[]> {
  const found: App[] = [];
  for await (const keys of indexedKeys(table, APPS))
    for (const app of await new Database(table.client, table.name).read(keys.map(foundApp))) if (app) found.push(app);
  return found;
}

/** Changes of an app that give up when others keep changing it. */
const MAX_ROUNDS = 10;

/**
 * Sets attributes of an app's record. Running functions may hold the old one for 30 seconds.
 * @param decide what to set, made from the app as it is at that moment
 * @throws ApiError appMissing where there is no such app
 * @throws Unavailable when others keep changing it
 */
export async function changeApp(db: Database, app: string, decide: (app: App) => Partial<App>): Promise<App> {
  const read: Get<App | undefined> = appOf(app);
  await db.load([read]);
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const found = db.records(read);
    if (!found) throw missingApp(app);
    const set = decide(found);
    const names = Object.keys(set) as (keyof App)[];
    // The status stands in every condition, so that a tombstone is never changed.
    const stands = unchanged(found, ...new Set<keyof App>(['status', ...names]));
    if (await db.write([updateApp(app, set, stands)])) return { ...found, ...set };
  }
  throw new Unavailable('others keep changing this app');
}

/**
 * Deletes an app for good: its admin tokens are forgotten and its record becomes a tombstone, so that the id answers
 * appMissing and is never used again. Users, groups and files stay where they are, out of everybody's reach.
 * May be repeated where it was interrupted.
 * @returns how many admin tokens went
 * @throws ApiError appMissing where there is no such app, badParameter where it is not disabled
 */
export async function deleteApp(table: OperatorTable, app: string, now = Date.now()): Promise<number> {
  const open = () => new Database(table.client, table.name);
  const found = await appNamed(open(), app);
  const active = badParameter('app_id', `"${app}" is active: disable it first`);
  if (found.status !== 'disabled') throw active;
  let tokens = 0;
  for await (const keys of indexedKeys(table, adminTokensOf(app)))
    for (const key of keys) {
      await open().write([remove(key)]);
      tokens++;
    }
  if (!(await open().write([buryApp(found, now)]))) throw active;
  return tokens;
}
