import { randomBytes } from 'node:crypto';
import { APP_ID, type App, appOf, putAdminToken, putApp } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import type { Limits } from '../../limits.ts';
import { badParameter, Refusal } from '../../refusal.ts';
import { newAdminToken, tokenHash } from '../token.ts';

/** 12 characters of the base-36 alphabet: 62 bits. */
const newAppId = () =>
  Array.from(randomBytes(12), (byte) => (byte % 36).toString(36))
    .join('')
    .replace(/^\d/, 'a');

/**
 * Makes a tenant. `app` is its id, drawn where not chosen.
 * @throws Refusal 10002 where the id is taken or cannot be one
 */
export async function createApp(
  db: Database,
  given: { app?: string; name?: string; limits?: Partial<Limits>; now?: number } = {},
): Promise<App> {
  const { app = newAppId(), name = '', limits = {}, now = Date.now() } = given;
  if (!APP_ID.test(app)) throw badParameter('app_id', 'must have 1 to 64 letters, digits, _ or -');
  const record: App = {
    app,
    name,
    status: 'active',
    registration: 'open',
    secret: randomBytes(32).toString('base64url'),
    limits,
    made: now,
  };
  if (!(await db.write([putApp(record)]))) throw badParameter('app_id', 'an app of this id exists');
  return record;
}

/**
 * Issues an admin token: shown once, kept only as a hash.
 * @param given.expires milliseconds since 1970; absent: does not expire
 * @throws Refusal 40000 where there is no such app
 */
export async function issueAdminToken(
  db: Database,
  app: string,
  given: { name?: string; expires?: number; now?: number } = {},
): Promise<string> {
  const { name = '', expires, now = Date.now() } = given;
  const record = await db.read(appOf(app));
  if (!record) throw new Refusal('appMissing');
  const token = newAdminToken(record);
  const made = { name, made: now, seen: 0, ...(expires !== undefined && { expires }) };
  await db.write([putAdminToken(app, tokenHash(token), made)]);
  return token;
}
