import { randomBytes } from 'node:crypto';
import { newAdminToken, tokenHash } from '../../call/token.ts';
import {
  APP_ID,
  APPS,
  type App,
  adminTokensOf,
  appOf,
  buryApp,
  forgetAdminToken,
  foundApp,
  putAdminToken,
  putApp,
  updateApp,
} from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import { forgetIssuers } from '../../data/issuer-repo.ts';
import { indexedKeys, type OperatorTable, viewOf } from '../../data/operator-queries.ts';
import { endpointsOf, removeEndpoint } from '../../data/webhook-repo.ts';
import { ApiError, badParameter, Unavailable } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import type { Limits } from '../../limits.ts';
import type { Scope } from '../../scopes.ts';

/** 12 characters of the base-36 alphabet: 62 bits. */
const newAppId = () =>
  Array.from(randomBytes(12), (byte) => (byte % 36).toString(36))
    .join('')
    .replace(/^\d/, 'a') as AppId;

/** A new tenant: active, open for registration, with its own secret. */
export const newApp = (app: AppId, limits: Partial<Limits> = {}, name = '', now = Date.now()): App => ({
  app,
  name,
  status: 'active',
  registration: 'open',
  secret: randomBytes(32).toString('base64url'),
  limits,
  createdAt: now,
});

/**
 * Makes a tenant.
 * @param given.app its id; absent: a random one
 * @throws ApiError badParameter where the id is taken or has not the form of one
 */
export async function createApp(
  db: Database,
  given: { app?: AppId; name?: string; limits?: Partial<Limits>; now?: number } = {},
): Promise<App> {
  const { app = newAppId(), name, limits, now } = given;
  if (!APP_ID.test(app)) throw badParameter('app_id', 'must have 1 to 64 letters, digits, _ or -');
  const record = newApp(app, limits, name, now);
  if (!(await db.write([putApp(record)])))
    throw badParameter('app_id', 'is taken (an id is never used twice, not even that of a deleted app)');
  return record;
}

/**
 * Issues an admin token. The table keeps only its hash, so this is the only time that it is shown.
 * @param given.expiresAt milliseconds since 1970; absent: does not expire
 * @param given.scopes absent: all, also those that there will be
 * @throws ApiError appMissing where there is no such app
 */
export async function issueAdminToken(
  db: Database,
  app: AppId,
  given: { name?: string; expiresAt?: number; scopes?: Scope[]; now?: number } = {},
): Promise<string> {
  const { name = '', expiresAt, scopes, now = Date.now() } = given;
  const text = newAdminToken(await appNamed(db, app));
  const token = {
    ...{ name, createdAt: now, seen: 0 },
    ...(expiresAt !== undefined && { expiresAt }),
    ...(scopes && { scopes }),
  };
  await db.write([putAdminToken(app, tokenHash(text), token)]);
  return text;
}

/** @throws ApiError appMissing where there is no such app, or it is deleted */
export const appNamed = async (db: Database, app: AppId): Promise<App> => existingApp(await db.read(appOf(app)), app);

/** @throws ApiError appMissing */
export function existingApp(found: App | undefined, app: AppId): App {
  if (!found) throw new ApiError('appMissing', `there is no app "${app}"`);
  return found;
}

/** All apps by id, without deleted ones. On AWS, an app made in the last second may be missing. */
export async function allApps(table: OperatorTable): Promise<App[]> {
  const found: App[] = [];
  for await (const keys of indexedKeys(table, APPS))
    for (const app of await viewOf(table).read(keys.map(foundApp))) if (app) found.push(app);
  return found;
}

/** So many lost races end the change of an app. */
const MAX_ROUNDS = 10;

/**
 * Sets attributes of an app's record. Running functions may use the old record for 30 seconds.
 * @param decide gives the attributes to set, from the app as it is
 * @throws ApiError appMissing where there is no such app
 * @throws Unavailable where others keep changing the app
 */
export async function changeApp(db: Database, app: AppId, decide: (app: App) => Partial<App>): Promise<App> {
  const read = appOf(app);
  await db.load([read]);
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const found = existingApp(db.records(read), app);
    const set = decide(found);
    if (await db.write([updateApp(app, set, found)])) return { ...found, ...set };
  }
  throw new Unavailable('others keep changing this app');
}

/**
 * Deletes an app for good: removes its admin tokens, webhook endpoints and issuers, and leaves a tombstone, so that the id answers appMissing and is
 * never used again. Users, groups and files stay in the table, out of reach. May be repeated after an interruption.
 * @returns the number of admin tokens removed
 * @throws ApiError appMissing where there is no such app, badParameter where it is not disabled
 */
export async function deleteApp(table: OperatorTable, app: AppId, now = Date.now()): Promise<number> {
  const found = await appNamed(viewOf(table), app);
  const active = badParameter('app_id', `"${app}" is active: disable it first`);
  if (found.status !== 'disabled') throw active;
  let tokens = 0;
  for await (const keys of indexedKeys(table, adminTokensOf(app)))
    for (const key of keys) {
      await viewOf(table).write([forgetAdminToken(key)]);
      tokens++;
    }
  for (const endpoint of await viewOf(table).read(endpointsOf(app)))
    await viewOf(table).write([removeEndpoint(app, endpoint)]);
  for (const step of forgetIssuers(found)) await viewOf(table).write([step]);
  if (!(await viewOf(table).write([buryApp(found, now)]))) throw active;
  return tokens;
}
