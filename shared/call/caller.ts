import { APP_ID, type App, adminTokenOf, touchAdminToken } from '../data/app-repo.ts';
import type { Database } from '../data/database.ts';
import { deviceOf, touchDevice } from '../data/device-repo.ts';
import type { Reads } from '../data/read.ts';
import { userOf } from '../data/user-repo.ts';
import { ApiError, badParameter } from '../errors.ts';
import type { AppId, GroupId, UserId } from '../ids.ts';
import type { Access } from '../routes/operation.ts';
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

/** Presence and last use are written where the record shows none within this time (ms). */
const TOUCH_EVERY = 60_000;

/** The caller as its headers claim it, and the records that prove the claim. */
export class Caller {
  readonly app: AppId;
  readonly #access: Access;
  readonly #credentials: Credentials;
  readonly #token: Token | undefined;

  constructor(access: Access, credentials: Credentials) {
    this.#access = access;
    this.#credentials = credentials;
    this.#token = access === 'public' || !credentials.token ? undefined : parseToken(credentials.token);
    this.app = credentials.app ?? '';
  }

  /** The user that the call claims to act as, unverified. */
  get user(): UserId | undefined {
    if (this.#token?.kind === 'user') return this.#token.user;
    return this.#token && this.#credentials.user !== undefined ? wholeNumber(this.#credentials.user) : undefined;
  }

  /** The group that an admin token's header names, unverified. */
  get group(): GroupId | undefined {
    return this.#token?.kind === 'admin' && this.#credentials.group !== undefined
      ? wholeNumber(this.#credentials.group)
      : undefined;
  }

  get isPublic(): boolean {
    return this.#access === 'public';
  }

  /** No record can prove this token: it is refused as soon as the app is known. */
  get hasMalformedToken(): boolean {
    return !this.isPublic && !this.#token;
  }

  /** @throws ApiError badParameter, noToken, appMissing: what the headers alone show */
  verifyHeaders(): void {
    if (!this.#credentials.app) throw badParameter('app_id', 'missing header');
    if (!this.isPublic && !this.#credentials.token) throw new ApiError('noToken');
    if (!APP_ID.test(this.app)) throw new ApiError('appMissing');
  }

  /** @throws ApiError appMissing, appDisabled, badToken */
  verifyApp(app: App | undefined): asserts app is App {
    if (!app) throw new ApiError('appMissing');
    if (app.status !== 'active') throw new ApiError('appDisabled');
    if (!this.isPublic && !(this.#token && isGenuine(app, this.#token))) throw new ApiError('badToken');
  }

  /** The records that prove the actor: session and user of a user token; an admin token, and the user it acts as. */
  get reads(): Reads {
    const token = this.#token;
    if (!token) return {};
    if (token.kind === 'user')
      return { device: deviceOf(this.app, token.user, token.device), user: userOf(this.app, token.user) };
    return {
      admin: adminTokenOf(this.app, tokenHash(token.text)),
      ...(this.user !== undefined && { user: userOf(this.app, this.user) }),
    };
  }

  /**
   * The actor, proven by the records that `db` has read.
   * @throws ApiError loginAgain, noPermission, badParameter, userMissing
   */
  verifyActor(db: Database, now: number): Actor {
    if (!this.#token) return { kind: 'nobody' };
    return this.#token.kind === 'user'
      ? this.#verifyUser(this.#token, db, now)
      : this.#verifyAdmin(this.#token, db, now);
  }

  #verifyUser({ text, user: id, device: sn }: UserToken, db: Database, now: number): Actor {
    const [device, user] = db.records([deviceOf(this.app, id, sn), userOf(this.app, id)] as const);
    const alive =
      device?.token === tokenHash(text) &&
      device.expiresAt > now &&
      user?.status === 'active' &&
      device.epoch === user.epoch;
    if (!alive) throw new ApiError('loginAgain');
    const { user: userHeader, group: groupHeader } = this.#credentials;
    if (groupHeader !== undefined) throw new ApiError('noPermission', 'group_id: this header needs an admin token');
    if (userHeader !== undefined && wholeNumber(userHeader) !== id)
      throw new ApiError('noPermission', 'user_id: this header needs an admin token');
    if (this.#access === 'admin' || this.#access === 'admin as person')
      throw new ApiError('noPermission', 'this operation needs an admin token');
    return { kind: 'user', user: id, device: sn };
  }

  #verifyAdmin({ text }: AdminTokenText, db: Database, now: number): Actor {
    const [admin] = db.records([adminTokenOf(this.app, tokenHash(text))]);
    if (!admin || admin.revoked || (admin.expiresAt ?? Number.POSITIVE_INFINITY) <= now)
      throw new ApiError('loginAgain');
    const { user: userHeader, group: groupHeader } = this.#credentials;
    if (userHeader !== undefined && groupHeader !== undefined)
      throw badParameter('user_id', 'and group_id: only one of these headers');
    for (const [name, header] of [
      ['user_id', userHeader],
      ['group_id', groupHeader],
    ] as const)
      if (header !== undefined && wholeNumber(header) === undefined) throw badParameter(name, 'header is not an id');
    if (this.user !== undefined) {
      const [user] = db.records([userOf(this.app, this.user)]);
      if (!user || user.status === 'deleted') throw new ApiError('userMissing', 'user_id: user does not exist');
      return { kind: 'app as user', user: this.user };
    }
    if (this.#access === 'person' || this.#access === 'admin as person')
      throw badParameter('user_id', 'this operation needs the header with an admin token');
    return this.group === undefined ? { kind: 'app' } : { kind: 'app on group', group: this.group };
  }

  /** Writes presence of the device, or last use of the admin token, where the record shows no recent one. */
  touch(db: Database, now: number): Promise<void> | undefined {
    const token = this.#token;
    if (!token) return undefined;
    const hash = tokenHash(token.text);
    const before = now - TOUCH_EVERY;
    if (token.kind === 'user') {
      const device = db.records(deviceOf(this.app, token.user, token.device));
      if ((device?.seen ?? 0) >= before) return undefined;
      return db.touch(touchDevice(this.app, token.user, token.device, hash, now, before));
    }
    const admin = db.records(adminTokenOf(this.app, hash));
    return (admin?.seen ?? 0) < before ? db.touch(touchAdminToken(this.app, hash, now, before)) : undefined;
  }
}

/** A positive id as headers carry it. */
export function wholeNumber(text: string): number | undefined {
  const number = /^[0-9]{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
