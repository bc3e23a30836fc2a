import { isDeepStrictEqual } from 'node:util';
import { JOSEError } from 'jose/errors';
import { createLocalJWKSet } from 'jose/jwks/local';
import { jwtVerify } from 'jose/jwt/verify';
import { usesOfAddress } from '../../call/address.ts';
import { lastReadApp } from '../../call/app-cache.ts';
import type { Call } from '../../call/call.ts';
import { transact } from '../../call/transact.ts';
import { countersOf } from '../../data/counter-repo.ts';
import { userAndDevicesOf } from '../../data/device-repo.ts';
import * as identities from '../../data/identity-repo.ts';
import { type Identity, identityOf } from '../../data/identity-repo.ts';
import { type Issuer, issuerOf, wantedKeysOf, wantKeys } from '../../data/issuer-repo.ts';
import * as users from '../../data/user-repo.ts';
import { usernameOf, userOf } from '../../data/user-repo.ts';
import { ApiError, Unavailable } from '../../errors.ts';
import { newId, type UserId } from '../../ids.ts';
import { LONGEST_ISSUER, LONGEST_SUBJECT } from '../../limits.ts';
import { askForKeys } from '../../messaging/function-repo.ts';
import { asIdentity, idForName, likelyId } from '../user/likely-id.ts';
import { currentDevices, newSession, rejected, type Session } from '../user/login.ts';
import { admitUser, countUsers, newUser } from '../user/registration.ts';
import { drawnUsername } from './drawn-username.ts';

/** Characters of a token, at most. */
const LONGEST_TOKEN = 8192;
/** Never `none`, and never HMAC: a public key would be its secret. */
const ALGORITHMS = ['RS256', 'PS256', 'ES256', 'EdDSA'];
/** Clocks may differ by so much (s). */
const LEEWAY = 60;
/** An unknown key makes the service fetch an app's keys at most this often (ms). */
const REFRESH_EVERY = 60_000;
/** So often the user of an identity is looked up, where it is bound, unbound or registered meanwhile. */
const MAX_ROUNDS = 4;

/** The same for all reasons, so that the answer helps nobody who guesses. */
const refused = () => new ApiError('externalTokenRefused');

/** Those of a token that was verified. */
type Claims = Awaited<ReturnType<typeof jwtVerify>>['payload'];

/** A token of an issuer as it claims to be. */
interface Claimed {
  text: string;
  kid: string | undefined;
  issuer: string;
  payload: Record<string, unknown>;
}

/** Issuers as this instance read them last: for guesses. */
const issuers = new Map<string, Issuer>();

/**
 * `POST /token/exchange`: a session for a token that an issuer of the app has signed. Two round trips, as a login by
 * name: issuer, identity and account, the write. The first one is guided by the token before its issuer is known for
 * sure, so it may only read, and it reads the account only where the token is genuine by what the instance knows. Three
 * for an identity that was bound to a user who had registered otherwise.
 * @throws ApiError externalTokenRefused, noPermission for a disabled user, registrationClosed, tooManyUsers, tooManyCalls
 * @throws Unavailable while keys are fetched
 */
export async function exchangeToken(call: Call, text: string, guid?: string): Promise<Session> {
  const token = claimedBy(text);
  if (!token) {
    // Errors of the app come first.
    await call.open([]);
    throw refused();
  }
  usesOfAddress(call, 'failed_logins_per_hour', true);
  const key = `${call.app} ${token.issuer}`;
  const known = issuers.get(key);
  const claim = known?.claim ?? 'sub';
  const guessed = identityIn(token.issuer, token.payload, claim);
  const proven = known && (await provenBy(call, known, token));
  const app = proven && lastReadApp(call.app);
  const likely = app && guessed && likelyId(app, asIdentity(guessed));
  const guess = likely && userAndDevicesOf(call.app, likely);
  const { issuer } = await call.open({
    issuer: issuerOf(call.app, token.issuer),
    identity: guessed ? [identityOf(call.app, guessed)] : [],
    account: guess ? [guess] : [],
  });
  if (!issuer) throw refused();
  issuers.set(key, issuer);
  const payload = isDeepStrictEqual(issuer, known) && proven ? proven : await verified(call, issuer, token);
  const identity = identityIn(issuer.issuer, payload, issuer.claim);
  if (!identity) throw refused();
  const holderOf = identityOf(call.app, identity);
  if (issuer.claim !== claim) await call.db.load([holderOf]);
  for (let round = 1; round <= MAX_ROUNDS; round++) {
    const holder = call.db.records(holderOf);
    if (!holder && !issuer.create) throw refused();
    const early = round === 1 && holder?.user === likely ? guess : undefined;
    const session = holder
      ? await logIn(call, identity, holder.user, early, guid)
      : await registerAndLogIn(call, identity, payload, guid);
    if (session) return session;
  }
  throw new Unavailable('the identity keeps changing');
}

/** Undefined for what is no signed token with an issuer. */
function claimedBy(text: string): Claimed | undefined {
  if (text.length > LONGEST_TOKEN || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)) return undefined;
  const [header, payload] = text.split('.').map(jsonIn);
  const { alg, kid } = header ?? {};
  const { iss: issuer } = payload ?? {};
  if (!payload || typeof alg !== 'string' || !ALGORITHMS.includes(alg)) return undefined;
  if (kid !== undefined && typeof kid !== 'string') return undefined;
  if (typeof issuer !== 'string' || issuer.length > LONGEST_ISSUER) return undefined;
  return { text, kid, issuer, payload };
}

function jsonIn(part: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(Buffer.from(part, 'base64url').toString());
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Who the token is about; undefined where the claim is no text of a possible length. */
function identityIn(issuer: string, payload: Record<string, unknown>, claim: string): Identity | undefined {
  const subject = Object.hasOwn(payload, claim) ? payload[claim] : undefined;
  if (typeof subject !== 'string' || subject === '' || [...subject].length > LONGEST_SUBJECT) return undefined;
  return { issuer, subject };
}

/**
 * The claims of the token, verified: signature, issuer, audience and times.
 * @throws ApiError externalTokenRefused
 * @throws Unavailable where the key is unknown, and may be a new one
 */
async function verified(call: Call, issuer: Issuer, token: Claimed): Promise<Claims> {
  const { kid, payload } = token;
  if (kid !== undefined && !issuer.fixed && !issuer.keys.some((key) => key.kid === kid)) {
    // An old token of a key that is no longer in use is no reason to fetch keys.
    if (typeof payload.exp !== 'number' || payload.exp <= call.now / 1000 - LEEWAY) throw refused();
    return await awaitKeys(call, issuer);
  }
  const proven = await provenBy(call, issuer, token);
  if (!proven) throw refused();
  return proven;
}

/** The claims of the token; undefined where it is not a token of the issuer, by the issuer's keys as they are at hand. */
async function provenBy(call: Call, issuer: Issuer, { text }: Claimed): Promise<Claims | undefined> {
  try {
    const { payload: proven } = await jwtVerify(text, createLocalJWKSet({ keys: issuer.keys as [] }), {
      algorithms: ALGORITHMS,
      issuer: issuer.issuer,
      audience: issuer.audiences,
      requiredClaims: ['exp'],
      clockTolerance: LEEWAY,
      currentDate: new Date(call.now),
    });
    return proven.iat === undefined || proven.iat <= call.now / 1000 + LEEWAY ? proven : undefined;
  } catch (error) {
    if (!(error instanceof JOSEError)) throw error;
    return undefined;
  }
}

/**
 * The background fetches the keys of all issuers of the app, so that tokens that name unknown keys of one issuer cannot
 * keep the others from being asked. Only the call that writes the time asks for it: one per minute and app.
 */
async function awaitKeys(call: Call, issuer: Issuer): Promise<never> {
  const before = call.now - REFRESH_EVERY;
  if (issuer.fetchedAt > before) throw refused();
  const wanted = await call.db.read(wantedKeysOf(call.app));
  if ((wanted?.wantedAt ?? 0) < before && (await call.db.write([wantKeys(call.app, call.now, before)])))
    await askForKeys(call.app);
  throw new Unavailable('the keys of the issuer are being fetched');
}

/**
 * @param early the account, where it has been read
 * @returns undefined where the identity is no longer bound to this user
 */
async function logIn(
  call: Call,
  identity: Identity,
  id: UserId,
  early: ReturnType<typeof userAndDevicesOf> | undefined,
  guid: string | undefined,
) {
  const userRead = userOf(call.app, id);
  // A user who registers at this moment may have been read before its identity.
  const read = early && call.db.records(userRead) ? early : undefined;
  const devices = read ?? userAndDevicesOf(call.app, id);
  if (!read) await call.db.load([devices]);
  return transact(
    call.db,
    { user: userRead, devices, holder: identityOf(call.app, identity) },
    ({ user, devices: { listed, tombstones }, holder }) => {
      if (holder?.user !== id) return { steps: [], answer: () => undefined };
      // What a deleted user leaves is removed soon.
      if (!user || user.status === 'deleted') throw refused();
      if (user.status !== 'active') throw rejected('the user is disabled');
      call.proves(user);
      const { steps, session } = newSession(call, user, currentDevices(call, id, listed), tombstones, guid);
      return {
        steps: [users.checkSessions(call.app, user), identities.checkIdentity(call.app, identity, id), ...steps],
        answer: () => session,
      };
    },
  );
}

/** @returns undefined where the identity is bound meanwhile */
async function registerAndLogIn(call: Call, identity: Identity, payload: object, guid: string | undefined) {
  const username = drawnUsername(payload, identity.subject);
  const counters = call.limits.users > 0 ? countersOf(call.app) : [];
  await call.db.load([counters]);
  // The name is not read: where it is taken, the write finds it, as it does an id.
  const reads = { name: usernameOf(call.app, username), counters, holder: identityOf(call.app, identity) };
  return transact(call.db, reads, ({ name, counters, holder }) => {
    if (holder) return { steps: [], answer: () => undefined };
    admitUser(call, counters, 0);
    const likely = idForName(call, asIdentity(identity));
    const isOther = name && call.db.cached(usernameOf(call.app, `${username}_${likely}`))?.record;
    const id = isOther ? newId<UserId>() : likely;
    const user = { ...newUser(id, name ? `${username}_${id}` : username, undefined), identities: 1 };
    const { steps, session } = newSession(call, user, [], [], guid);
    return {
      steps: [
        ...users.putUser(call.app, user, identity.issuer),
        ...countUsers(call, 1),
        ...identities.putIdentity(call.app, user.user, identity, call.now),
        ...steps,
      ],
      answer: () => session,
    };
  });
}
