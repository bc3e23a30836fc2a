import { hash } from 'node:crypto';
import type { AppId } from '../ids.ts';
import type { App } from './app-repo.ts';
import { absent, any, below, unchanged } from './expression.ts';
import { type Get, getItem } from './read.ts';
import type { ItemOf } from './schema.ts';
import * as schema from './schema.ts';
import { measured, put, remove, type Step, update } from './step.ts';

/** Issuers whose tokens log in to an app, with their public keys. */

export type Issuer = ItemOf<typeof schema.issuerFields>;

/** Issuers of an app, at most. */
export const MOST_ISSUERS = 5;

/** By which an issuer is found. */
export const issuerHash = (issuer: string): string => hash('sha256', issuer, 'base64url');

export const issuerOf = (app: AppId, name: string): Get<Issuer | undefined> => issuerNamed(app, issuerHash(name));
export const issuerNamed = (app: AppId, of: string): Get<Issuer | undefined> =>
  getItem(schema.issuer.key(app, of), schema.issuer.bytes);

export const putIssuer = (app: AppId, issuer: Issuer): Step =>
  put(schema.issuer.key(app, issuerHash(issuer.issuer)), issuer);
export const removeIssuer = (app: AppId, of: string): Step => remove(schema.issuer.key(app, of));

const ofRefresh = (app: AppId, was: Issuer, set: { [name in keyof Issuer]?: Issuer[name] | undefined }): Step =>
  update(
    schema.issuer.key(app, issuerHash(was.issuer)),
    { set },
    // Neither replaced by an operator nor refreshed by another run since it was read.
    unchanged(was, 'setAt', 'fetchedAt'),
  );

/** New keys. They end a failure. */
export const refreshed = (app: AppId, was: Issuer, keys: Issuer['keys'], at: number): Step =>
  ofRefresh(app, was, {
    keys,
    fetchedAt: at,
    error: undefined,
    failingSince: undefined,
    reportedAt: undefined,
  });

/** The keys could not be fetched: those at hand stay in use. @param reported the failure has lasted, and is counted */
export function failed(app: AppId, was: Issuer, error: string, at: number, reported: boolean): Step {
  const failingSince = was.failingSince ?? at;
  const step = ofRefresh(app, was, { error, failingSince, ...(reported && { reportedAt: at }) });
  return reported ? measured('issuers_failing', step) : step;
}

// ——— unknown keys ———
type WantedKeys = ItemOf<typeof schema.wantedKeysFields>;

export const wantedKeysOf = (app: AppId): Get<WantedKeys | undefined> => getItem(schema.wantedKeys.key(app));
/** Asks for the keys of the app's issuers, unless that was done since `before`. */
export const wantKeys = (app: AppId, now: number, before: number): Step =>
  update(schema.wantedKeys.key(app), { set: { wantedAt: now } }, any(absent('wantedAt'), below('wantedAt', before)));

// ——— a deleted app ———
export const forgetIssuers = ({ app, issuers = {} }: App): Step[] => [
  ...Object.keys(issuers).map((of) => removeIssuer(app, of)),
  remove(schema.wantedKeys.key(app)),
];
