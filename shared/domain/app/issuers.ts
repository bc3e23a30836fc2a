import { transact } from '../../call/transact.ts';
import { appOf, updateApp } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import * as repo from '../../data/issuer-repo.ts';
import { type Issuer, issuerHash, issuerNamed, MOST_ISSUERS } from '../../data/issuer-repo.ts';
import { badParameter } from '../../errors.ts';
import type { AppId } from '../../ids.ts';
import { LONGEST_ISSUER } from '../../limits.ts';
import type { FetchOptions } from '../../messaging/key-set-repo.ts';
import { targetProblem } from '../../public-address.ts';
import { fetchKeys } from '../issuer/fetch-keys.ts';
import { keysOfFile } from '../issuer/keys.ts';
import { refreshIssuer } from '../issuer/refresh.ts';
import { appNamed, existingApp } from './apps.ts';

/** Issuers as operators manage them. */

interface NewIssuer {
  issuer: string;
  audiences: string[];
  claim: string;
  create: boolean;
  jwks?: string | undefined;
  /** The content of a file of keys. */
  keys?: string | undefined;
}

/** Characters of the address of a key set, and audiences of an issuer, at most. */
const LONGEST_JWKS = 512;
const MOST_AUDIENCES = 5;
/** What an audience is made of. */
const AUDIENCE = /^[!-~]{1,256}$/;
const CLAIM = /^[!-~]{1,64}$/;

/**
 * Adds an issuer, or replaces its settings and keys. Its keys are fetched at once.
 * @throws ApiError badParameter, appMissing; KeysError where its keys cannot be fetched or used
 */
export async function addIssuer(db: Database, app: AppId, given: NewIssuer, options: FetchOptions): Promise<Issuer> {
  const { issuer, audiences, claim, create, jwks, keys: file } = given;
  checkAddress('issuer', issuer, LONGEST_ISSUER, file === undefined && jwks === undefined, options);
  if (/[?#]/.test(issuer)) throw badParameter('issuer', 'must have neither a query nor a fragment');
  if (jwks !== undefined) checkAddress('jwks', jwks, LONGEST_JWKS, true, options);
  if (audiences.length < 1 || audiences.length > MOST_AUDIENCES || !audiences.every((one) => AUDIENCE.test(one)))
    throw badParameter('audience', `must be 1 to ${MOST_AUDIENCES} texts of 1 to ${LONGEST_ISSUER} ASCII characters`);
  if (!CLAIM.test(claim)) throw badParameter('user-claim', 'must have 1 to 64 ASCII characters');
  await appNamed(db, app);
  const now = Date.now();
  const keys =
    file === undefined ? await fetchKeys({ issuer, ...(jwks !== undefined && { jwks }) }, options) : keysOfFile(file);
  const made: Issuer = {
    issuer,
    audiences,
    claim,
    create,
    ...(jwks !== undefined && { jwks }),
    ...(file !== undefined && { fixed: true }),
    keys,
    setAt: now,
    fetchedAt: now,
  };
  return transact(db, appOf(app), (found) => {
    const issuers = { ...existingApp(found, app).issuers, [issuerHash(issuer)]: now };
    if (Object.keys(issuers).length > MOST_ISSUERS)
      throw badParameter('issuer', `an app has ${MOST_ISSUERS} issuers at most: remove one first`);
    return { steps: [updateApp(app, { issuers }, found), repo.putIssuer(app, made)], answer: () => made };
  });
}

/** @param reached whether the service sends requests to the address */
function checkAddress(field: string, text: string, most: number, reached: boolean, { loopback }: FetchOptions) {
  if (text.length > most || !/^[!-~]+$/.test(text) || !URL.canParse(text))
    throw badParameter(field, `must be a URL of at most ${most} ASCII characters`);
  const problem = reached ? targetProblem(new URL(text), loopback) : undefined;
  if (problem) throw badParameter(field, problem);
}

/** The issuers of an app, in the order of their names. @throws ApiError appMissing */
export async function listIssuers(db: Database, app: AppId): Promise<Issuer[]> {
  const { issuers = {} } = await appNamed(db, app);
  const found = await db.read(Object.keys(issuers).map((of) => issuerNamed(app, of)));
  return found.flatMap((one) => one ?? []).sort((one, other) => (one.issuer < other.issuer ? -1 : 1));
}

/** Identities of its users stay bound: they log in again if the issuer is added again. @throws ApiError badParameter, appMissing */
export async function removeIssuer(db: Database, app: AppId, issuer: string): Promise<void> {
  const of = issuerHash(issuer);
  await appNamed(db, app);
  return transact(db, appOf(app), (found) => {
    const { [of]: was, ...issuers } = existingApp(found, app).issuers ?? {};
    if (was === undefined) throw unknownIssuer();
    return { steps: [updateApp(app, { issuers }, found), repo.removeIssuer(app, of)], answer: () => undefined };
  });
}

/**
 * Fetches the keys of an app's issuers, or of one of them.
 * @returns each issuer as it is now, those with fixed keys too
 * @throws ApiError badParameter, appMissing
 */
export async function refreshIssuers(
  db: Database,
  app: AppId,
  only: string | undefined,
  options: FetchOptions,
): Promise<Issuer[]> {
  const all = await listIssuers(db, app);
  const chosen = all.filter(({ issuer }) => only === undefined || issuer === only);
  if (only !== undefined && chosen.length === 0) throw unknownIssuer();
  for (const issuer of chosen) if (!issuer.fixed) await refreshIssuer(db.beside(), app, issuer, Date.now(), options);
  return (await listIssuers(db.beside(), app)).filter(({ issuer }) => chosen.some((one) => one.issuer === issuer));
}

const unknownIssuer = () => badParameter('issuer', 'no such issuer: see issuers list');
