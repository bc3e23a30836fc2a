import { APP_ID, type App, adminTokenOf, tokenId, touchAdminToken } from '../data/app-repo.ts';
import type { Database } from '../data/database.ts';
import { type Device, deviceOf, hasSession, touchDevice } from '../data/device-repo.ts';
import type { Get, Reads } from '../data/read.ts';
import type { Author } from '../data/stamp.ts';
import { isUser, type User, userOf } from '../data/user-repo.ts';
import { ApiError, badParameter } from '../errors.ts';
import type { AppId, GroupId, UserId } from '../ids.ts';
import type { Contract } from '../routes/operation.ts';
import { type AdminTokenText, isGenuine, parseToken, type Token, tokenHash, type UserToken } from './token.ts';

/** What the caller sends in headers, unverified. */
export interface Credentials {
  app: string | undefined;
  token: string | undefined;
  user: string | undefined;
  group: string | undefined;
}

/** The party that a call acts as, once verified. */
export type Actor =
  | { kind: 'nobody' }
  | { kind: 'user'; user: UserId; device: number }
  | { kind: 'app as user'; user: UserId }
  | { kind: 'app on group'; group: GroupId }
  | { kind: 'app' };

/** The actor as the items that it changes name it. Public operations make users and sessions: the user's own doing. */
export function authorOf({ token }: Caller, actor: Actor, cause: string): Author {
  switch (actor.kind) {
    case 'nobody':
      return { type: 'user', cause };
    case 'user':
      return { type: 'user', id: actor.user, cause };
    case 'app as user':
      return { type: 'app_as_user', id: actor.user, cause };
    default:
      return { type: 'app', id: token && tokenId(tokenHash(token.text)), cause };
  }
}

/** Presence and last use are written where the record shows none within this time (ms). */
const TOUCH_EVERY = 60_000;

/** What an operation asks of its callers. */
export type Demands = Pick<Contract, 'access' | 'scope'>;

/** A caller as its headers claim it, unverified. */
export interface Caller extends Demands {
  credentials: Credentials;
  token: Token | undefined;
  app: AppId;
  /** The user that the caller claims to act as. */
  user: UserId | undefined;
  /** The group that an admin token's header names. */
  group: GroupId | undefined;
}

export function callerOf({ access, scope }: Demands, credentials: Credentials): Caller {
  const token = access === 'public' || !credentials.token ? undefined : parseToken(credentials.token);
  return {
    access,
    ...(scope && { scope }),
    credentials,
    token,
    app: (credentials.app ?? '') as AppId,
    user: token?.kind === 'user' ? token.user : token && wholeNumber(credentials.user),
    group: token?.kind === 'admin' ? wholeNumber(credentials.group) : undefined,
  };
}

/** @throws ApiError badParameter, noToken, appMissing: what the headers alone show */
export function verifyHeaders({ access, credentials, app }: Caller): void {
  if (!app) throw badParameter('app_id', 'missing header');
  if (access !== 'public' && !credentials.token) throw new ApiError('noToken');
  if (!APP_ID.test(app)) throw new ApiError('appMissing');
}

/** @throws ApiError appMissing, appDisabled, badToken */
export function verifyApp({ access, token }: Caller, app: App | undefined): App {
  if (!app) throw new ApiError('appMissing');
  if (app.status !== 'active') throw new ApiError('appDisabled');
  if (access !== 'public' && !(token && isGenuine(app, token))) throw new ApiError('badToken');
  return app;
}

/** The records that prove the actor: session and user of a user token; an admin token, and the user it acts as. */
export function proofOf({ app, token, user }: Caller): Reads {
  if (!token) return [];
  const proof =
    token.kind === 'user' ? deviceOf(app, token.user, token.device) : adminTokenOf(app, tokenHash(token.text));
  return user === undefined ? proof : [proof, userOf(app, user)];
}

/**
 * The actor, verified by the records that `db` has read.
 * @throws ApiError loginAgain, noPermission, badParameter, userMissing, scopeMissing
 */
export function verifiedActor(caller: Caller, db: Database, now: number): Actor {
  const { token } = caller;
  if (!token) return { kind: 'nobody' };
  return token.kind === 'user' ? verifiedUser(caller, token, db, now) : verifiedAdmin(caller, token, db, now);
}

/** Whether the token is that of the device's session, which has not ended (ms). */
export const isAlive = (
  { text }: UserToken,
  device: Device | undefined,
  user: User | undefined,
  now: number,
): device is Device =>
  user?.status === 'active' &&
  device !== undefined &&
  hasSession(device, user, now) &&
  device.token === tokenHash(text);

function verifiedUser({ app, access, credentials }: Caller, token: UserToken, db: Database, now: number): Actor {
  const { user: id, device: sn } = token;
  const [device, user] = db.records([deviceOf(app, id, sn), userOf(app, id)] as const);
  if (!isAlive(token, device, user, now)) throw new ApiError('loginAgain');
  if (credentials.group !== undefined) throw new ApiError('noPermission', 'group_id: this header needs an admin token');
  if (credentials.user !== undefined && wholeNumber(credentials.user) !== id)
    throw new ApiError('noPermission', 'user_id: this header needs an admin token');
  if (access === 'admin' || access === 'admin as person')
    throw new ApiError('noPermission', 'this operation needs an admin token');
  return { kind: 'user', user: id, device: sn };
}

function verifiedAdmin(caller: Caller, { text }: AdminTokenText, db: Database, now: number): Actor {
  const { app, access, scope, credentials, user, group } = caller;
  const admin = db.records(adminTokenOf(app, tokenHash(text)));
  if (!admin || admin.revoked || (admin.expiresAt ?? Number.POSITIVE_INFINITY) <= now) throw new ApiError('loginAgain');
  if (credentials.user !== undefined && credentials.group !== undefined)
    throw badParameter('user_id', 'and group_id: only one of these headers');
  if (credentials.user !== undefined && user === undefined) throw badParameter('user_id', 'header is not an id');
  if (credentials.group !== undefined && group === undefined) throw badParameter('group_id', 'header is not an id');
  if (user !== undefined && !isUser(db.records(userOf(app, user))))
    throw new ApiError('userMissing', 'user_id: user does not exist');
  if (user === undefined && (access === 'person' || access === 'admin as person'))
    throw badParameter('user_id', 'this operation needs the header with an admin token');
  if (scope !== undefined && admin.scopes?.includes(scope) === false)
    throw new ApiError('scopeMissing', `access-token: this admin token lacks the scope "${scope}"`);
  if (user !== undefined) return { kind: 'app as user', user };
  return group === undefined ? { kind: 'app' } : { kind: 'app on group', group };
}

/** Writes presence of the device, or last use of the admin token, where the record shows no recent one. */
export function touch({ app, token }: Caller, db: Database, now: number): Promise<unknown> | undefined {
  if (!token) return undefined;
  const hash = tokenHash(token.text);
  const before = now - TOUCH_EVERY;
  const read = token.kind === 'user' ? deviceOf(app, token.user, token.device) : adminTokenOf(app, hash);
  if ((db.records<Get<{ seen?: number | undefined } | undefined>>(read)?.seen ?? 0) >= before) return undefined;
  return db.touch(
    token.kind === 'user'
      ? touchDevice(app, token.user, token.device, hash, now, before)
      : touchAdminToken(app, hash, now, before),
  );
}

/** A positive id as headers carry it. */
export function wholeNumber<Id extends UserId | GroupId>(text = ''): Id | undefined {
  const number = /^[0-9]{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) && number > 0 ? (number as Id) : undefined;
}
