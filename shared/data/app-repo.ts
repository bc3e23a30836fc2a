import { EVENTS } from '../environment.ts';
import type { AppId } from '../ids.ts';
import { LIMITS, type LimitName, type Limits, MAXIMUMS } from '../limits.ts';
import { absent, all, below, equal, exists, missing, unchanged } from './expression.ts';
import type { Key } from './keys.ts';
import { type Get, getItem, type Query } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { put, remove, type Step, update } from './step.ts';

/** A tenant. Its secret signs tokens, cursors and QR codes; each purpose derives its own key from it. */
export type App = Extract<ItemOf<typeof schema.appFields>, { secret: string }> & { limits: Partial<Limits> };

export type AdminToken = ItemOf<typeof schema.adminTokenFields>;

/** The id by which operators and events name an admin token: twelve hexadecimal digits of its hash. */
export const tokenId = (hash: string) => Buffer.from(hash, 'base64url').toString('hex').slice(0, 12);

/** App ids that can exist: those that operators may choose, and the only ones that may become part of a key. */
export const APP_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const appOf = (app: AppId): Get<App | undefined> => foundApp(schema.app.key(app));
/** The app's record by its key, as operators find it. A deleted app is not there for anybody. */
export const foundApp = (key: Key): Get<App | undefined> => ({
  get: key,
  parse: (item) => (item?.status === 'deleted' ? undefined : (item as App | undefined)),
});
/** When the app was deleted (ms); false while it exists, undefined where there never was one. */
export const buriedAppOf = (app: AppId): Get<number | false | undefined> => ({
  get: schema.app.key(app),
  parse: (item) => (item?.status === 'deleted' ? Number(item.deleted) : item && false),
});
/**
 * The limits of an app: what its record holds or the default, but never more than is allowed now. A deployment without
 * events gives no app a feed.
 */
export function limitsOf(app: Pick<App, 'limits'>): Limits {
  const limits: Limits = { ...LIMITS, ...app.limits };
  for (const [name, most] of Object.entries(MAXIMUMS) as [LimitName, number][])
    limits[name] = Math.min(limits[name], most);
  if (process.env[EVENTS] === 'off') limits.event_days = 0;
  return limits;
}
export const putApp = (app: App): Step =>
  put(schema.app.key(app.app), { ...app, ...schema.app.gsi1(app.app) }, missing);
/**
 * Sets attributes of an app's record.
 * @param read the app whose status and set attributes must be as they were read; absent: any app that exists
 */
export const updateApp = (app: AppId, set: Partial<App>, read?: App): Step => {
  // The status is always part of the condition, so that a tombstone is never changed.
  const names = new Set<keyof App>(['status', ...(Object.keys(set) as (keyof App)[])]);
  return update(schema.app.key(app), { set }, read ? unchanged(read, ...names) : exists);
};
/**
 * Leaves a tombstone in the place of a disabled app, so that its id can never be used again. Without the secret, nothing
 * that the app signed can be told from a forgery.
 */
export const buryApp = (app: App, now: number): Step =>
  put(
    schema.app.key(app.app),
    { app: app.app, status: 'deleted', createdAt: app.createdAt, deleted: now },
    equal('status', 'disabled'),
  );
/** Partition of the global index that holds all apps. */
export const APPS = schema.app.gsi1('' as AppId).gsi1pk;
/** The ids of all apps, as the global index has them: a new app may come late. */
export const appIds = (): Query<AppId[]> => ({
  query: { partition: APPS, index: 'gsi1', between: ['!', '~'], all: true },
  parse: ({ items }) => items.map(({ gsi1sk }) => gsi1sk as AppId),
});

export const adminTokenOf = (app: AppId, hash: string): Get<AdminToken | undefined> =>
  getItem(schema.adminToken.key(app, hash));
export const putAdminToken = (app: AppId, hash: string, token: Omit<AdminToken, 'hash'>): Step =>
  put(schema.adminToken.key(app, hash), { ...token, hash, ...schema.adminToken.gsi1(app, token.createdAt) }, missing);
/** Last use. The hash is part of the condition, so that a forged token writes nothing. */
export const touchAdminToken = (app: AppId, hash: string, now: number, before: number): Step =>
  update(schema.adminToken.key(app, hash), { set: { seen: now } }, all(equal('hash', hash), below('seen', before)));
/** Partition of the global index that holds an app's admin tokens, the oldest first. */
export const adminTokensOf = (app: AppId) => schema.adminToken.gsi1(app, 0).gsi1pk;
/** The token's record with its hash, by its key, as operators find it. */
export const foundAdminToken = (key: Key) => getItem<AdminToken>(key);
export const forgetAdminToken = (key: Key): Step => remove(key);
/** Refused for a token that is revoked or gone. */
export const revokeAdminToken = (app: AppId, hash: string, now: number): Step =>
  update(schema.adminToken.key(app, hash), { set: { revoked: now } }, all(exists, absent('revoked')));
