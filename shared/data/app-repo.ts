import { LIMITS, type Limits } from '../limits.ts';
import { type Condition, missing } from './expression.ts';
import { adminTokenIndex, adminTokenKey, appIndex, appKey } from './keys.ts';
import { type Get, record } from './read.ts';
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
  made: number;
}

export interface AdminToken {
  name: string;
  made: number;
  /** Milliseconds; absent: does not expire. */
  expires?: number;
  revoked?: number;
  /** Last use, noted at most once a minute an instance. */
  seen?: number;
}

/** App ids that can exist: what operators may choose, and all that may become part of a key. */
export const APP_ID = /^[A-Za-z0-9_-]{1,64}$/;

export const appOf = (app: string): Get<App | undefined> => record(appKey(app));
export const limitsOf = (app: App): Limits => ({ ...LIMITS, ...app.limits });
export const putApp = (app: App): Step => put(appKey(app.app), { ...app, ...appIndex(app.app) }, missing);
export const updateApp = (app: string, set: Partial<App>, condition: Condition): Step =>
  update(appKey(app), { set }, condition);

export const adminTokenOf = (app: string, hash: string): Get<AdminToken | undefined> =>
  record(adminTokenKey(app, hash));
export const putAdminToken = (app: string, hash: string, token: AdminToken): Step =>
  put(adminTokenKey(app, hash), { ...token, hash, ...adminTokenIndex(app, token.made) }, missing);
