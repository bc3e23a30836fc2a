import { appIds, appOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import * as issuers from '../../data/issuer-repo.ts';
import { type Issuer, issuerNamed } from '../../data/issuer-repo.ts';
import type { AppId } from '../../ids.ts';
import type { FetchOptions } from '../../messaging/key-set-repo.ts';
import { fetchKeys } from './fetch-keys.ts';
import { KeysError } from './keys.ts';

/** What a run has done. */
export interface RefreshRun {
  /** Issuers whose keys were asked for, and those that did not give them. */
  issuers: number;
  failed: number;
  /** Whether the run reached all issuers. */
  done: boolean;
  /** The first fault of the database: other issuers do not wait for it. */
  fault?: Error;
}

/** Issuers that have failed for so long are counted for the alarm, and again after as long (ms). */
const LONG = 86_400_000;
/** A stored error has so many characters at most. */
const LONGEST_ERROR = 200;
/** Apps whose records are read together, and issuers that are asked at the same time. */
const [AT_ONCE, WIDTH] = [50, 8];

/**
 * Fetches the keys of the issuers of one app, or of all apps.
 * @param expired the run has no more time
 */
export async function refreshKeys(
  db: Database,
  app: AppId | undefined,
  expired: () => boolean,
  options: FetchOptions,
): Promise<RefreshRun> {
  const run: RefreshRun = { issuers: 0, failed: 0, done: true };
  const apps = app === undefined ? shuffled(await db.read(appIds())) : [app];
  for (let from = 0; from < apps.length; from += AT_ONCE) {
    const pending = await issuersOf(db.beside(), apps.slice(from, from + AT_ONCE));
    const worker = async () => {
      for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
        if (expired()) {
          run.done = false;
          return;
        }
        await refreshOne(db.beside(), next.app, next.issuer, run, options).catch((fault: Error) => {
          run.fault ??= fault;
        });
      }
    };
    await Promise.all(Array.from({ length: WIDTH }, worker));
  }
  return run;
}

/** Issuers of active apps whose keys are fetched. */
async function issuersOf(db: Database, ids: readonly AppId[]) {
  const apps = await db.read(ids.map(appOf));
  const named = apps.flatMap((app) =>
    app?.status === 'active' ? Object.keys(app.issuers ?? {}).map((of) => ({ app: app.app, of })) : [],
  );
  const found = await db.read(named.map(({ app, of }) => issuerNamed(app, of)));
  return named.flatMap(({ app }, index) => {
    const issuer = found[index];
    return issuer && !issuer.fixed ? [{ app, issuer }] : [];
  });
}

async function refreshOne(db: Database, app: AppId, issuer: Issuer, run: RefreshRun, options: FetchOptions) {
  // The time before the request: a key that was made after it may be missing.
  const at = Date.now();
  run.issuers++;
  const problem = await refreshIssuer(db, app, issuer, at, options);
  if (problem !== undefined) run.failed++;
}

/**
 * Fetches the keys of one issuer and keeps them. If that fails, those at hand stay in use.
 * @returns why it failed
 */
export async function refreshIssuer(
  db: Database,
  app: AppId,
  issuer: Issuer,
  at: number,
  options: FetchOptions,
): Promise<string | undefined> {
  try {
    const keys = await fetchKeys(issuer, options);
    // Refused where an operator has replaced the issuer, or another run has been faster: its keys are as new.
    await db.write([issuers.refreshed(app, issuer, keys, at)]);
    return undefined;
  } catch (error) {
    if (!(error instanceof KeysError)) throw error;
    const { failingSince = at, reportedAt = 0 } = issuer;
    const reported = Math.max(failingSince, reportedAt) <= at - LONG;
    await db.write([issuers.failed(app, issuer, error.message.slice(0, LONGEST_ERROR), at, reported)]);
    return error.message;
  }
}

/** In another order with each run, so that one that has no time left does not always leave out the same. */
const shuffled = <T>(list: T[]): T[] =>
  list
    .map((value) => [Math.random(), value] as const)
    .sort(([one], [other]) => one - other)
    .map(([, value]) => value);
