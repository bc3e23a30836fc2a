import { LIMITS, type LimitName, type Limits, MOST } from '../limits.ts';
import { absent, all, type Condition, equal, exists, missing } from './expression.ts';
import { adminTokenIndex, adminTokenKey, appIndex, appKey, type Key } from './keys.ts';
import { type Get, getItem } from './read.ts';
import { put, type Step, update } from './step.ts';

/** A tenant. Its secret signs tokens, cursors and QR codes; each purpose derives its own key from it. */
export interface App {
  app: string;
  name: string;
  status: 'active' | 'disabled';
  registration: 'open' | 'closed';
  /** 32 random bytes, base64url. */
  secret: string;
  /** What differs from the defaults. */
  limits: Partial<Limits>;
  /** Milliseconds. */
  createdAt: number;
}

export interface AdminToken {
  name: string;
  createdAt: number;
  /** Milliseconds; absent: does not expire. */
  expiresAt?: number;
  revoked?: number;
  /** Last use, written at most once per minute. */
  seen?: number;
}

/** App ids that can exist: what operators may choose, and all that may become part of a key. */
export const APP_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const appOf = (app: string): Get<App | undefined> => foundApp(appKey(app));
/** The app's record, by a key that operators have found. A deleted app is not there for anybody. */
export const foundApp = (key: Key): Get<App | undefined> => ({
  get: key,
  parse: (item) => (item?.status === 'deleted' ? undefined : (item as App | undefined)),
});
/** The limits of an app: what its record holds or the default, but never more than is allowed now. */
export function limitsOf(app: Pick<App, 'limits'>): Limits {
  const limits: Limits = { ...LIMITS, ...app.limits };
  for (const [name, most] of Object.entries(MOST) as [LimitName, number][]) limits[name] = Math.min(limits[name], most);
  return limits;
}
export const putApp = (app: App): Step => put(appKey(app.app), { ...app, ...appIndex(app.app) }, missing);
export const updateApp = (app: string, set: Partial<App>, condition: Condition): Step =>
  update(appKey(app), { set }, condition);
/**
 * Leaves a tombstone in the place of a disabled app: its id can never be made again, and without the secret nothing
 * that it signed can be told from a forgery.
 */
export const buryApp = (app: App, now: number): Step =>
  put(
    appKey(app.app),
    { app: app.app, status: 'deleted', createdAt: app.createdAt, deleted: now },
    equal('status', 'disabled'),
  );
/** Where operators find all apps. */
export const APPS = appIndex('').gsi1pk;

export const adminTokenOf = (app: string, hash: string): Get<AdminToken | undefined> =>
  getItem(adminTokenKey(app, hash));
export const putAdminToken = (app: string, hash: string, token: AdminToken): Step =>
  put(adminTokenKey(app, hash), { ...token, hash, ...adminTokenIndex(app, token.createdAt) }, missing);
/** Where operators find the admin tokens of an app, the oldest first. */
export const adminTokensOf = (app: string) => adminTokenIndex(app, 0).gsi1pk;
/** The token's record with its hash, by a key that operators have found. */
export const foundAdminToken = (key: Key) => getItem<AdminToken & { hash: string }>(key);
/** Does nothing to a token that is revoked or gone. */
export const revokeAdminToken = (app: string, hash: string, now: number): Step =>
  update(adminTokenKey(app, hash), { set: { revoked: now } }, all(exists, absent('revoked')));
