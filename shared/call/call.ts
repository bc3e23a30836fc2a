import { APP_ID, type App, adminTokenOf, appOf, limitsOf } from '../data/app-repo.ts';
import { Database } from '../data/database.ts';
import { all, below, equal } from '../data/expression.ts';
import { adminTokenKey, deviceKey } from '../data/keys.ts';
import type { Get, Reads, Records } from '../data/read.ts';
import { update } from '../data/step.ts';
import { deviceOf, userOf } from '../data/user-repo.ts';
import { ApiError, badParameter } from '../errors.ts';
import type { Limits } from '../limits.ts';
import type { Access } from '../routes/operation.ts';
import { isGenuine, parseToken, type Token, tokenHash } from './token.ts';
import { type BatchPlan, type Plan, transact, transactEach } from './transact.ts';

/** What the caller sends in headers, unverified. */
export interface Credentials {
  app: string | undefined;
  token: string | undefined;
  user: string | undefined;
  group: string | undefined;
}

/** Whoever a call acts as, once verified. */
export type Actor =
  | { kind: 'nobody' }
  | { kind: 'user'; user: number; device: number }
  | { kind: 'app as user'; user: number }
  | { kind: 'app on group'; group: number }
  | { kind: 'app' };

/** The most read units that a caller without rights can cost. */
const BEFORE_RIGHTS = 20;
/** How long an app's record may be held (ms). */
const APP_CACHED = 30_000;
/** Presence and last use are written when what the record shows is older than this (ms). */
const TOUCH_EVERY = 60_000;

const apps = new Map<string, { app: App; read: number }>();

/** Forgets what the instance holds between calls (tests that change an app). */
export function forgetCachedApps() {
  apps.clear();
}

/**
 * One call: who asks, for which app, and its view of the table. A domain function makes exactly one of `open`,
 * `change` or `changeEach` first; the caller's records are read in the same round trip as its own.
 */
export class Call {
  /** The app named by the header; verified once `open` has returned. */
  readonly app: string;
  /** One clock reading for the whole call (ms). */
  readonly now: number;
  readonly db: Database;
  readonly userAgent: string;
  /** Scheme, host and port by which the caller reached this API: addresses in answers begin so. */
  readonly origin: string;
  /** The caller's key against repetition, and a hash of the request; see `Idempotency`. */
  readonly idempotency: { key: string; request: string } | undefined;
  readonly #access: Access;
  readonly #credentials: Credentials;
  readonly #token: Token | undefined;
  /** Checks that wait for the actor. */
  readonly #waiting: (() => void)[] = [];
  #app: App | undefined;
  #actor: Actor | undefined;
  #touched: Promise<void> | undefined;

  constructor(
    access: Access,
    credentials: Credentials,
    options: {
      db?: Database;
      now?: number;
      userAgent?: string;
      origin?: string;
      idempotency?: Call['idempotency'];
    } = {},
  ) {
    this.#access = access;
    this.#credentials = credentials;
    this.#token = access === 'public' || !credentials.token ? undefined : parseToken(credentials.token);
    this.app = credentials.app ?? '';
    this.now = options.now ?? Date.now();
    this.userAgent = options.userAgent ?? '';
    this.origin = options.origin ?? '';
    this.idempotency = options.idempotency;
    this.db = options.db ?? new Database();
  }

  /** Verified; undefined before `open`. */
  get actor(): Actor {
    if (!this.#actor) throw new Error('the actor is known only after the call has been opened');
    return this.#actor;
  }

  /** The app's record, verified. */
  get appRecord(): App {
    if (!this.#app) throw new Error('the app is known only after the call has been opened');
    return this.#app;
  }

  /** What a log line says of the caller, as far as it was verified. */
  get actorKind() {
    return this.#actor?.kind;
  }

  get limits(): Limits {
    return limitsOf(this.appRecord);
  }

  /** The limits as this instance holds them before the call is opened; undefined where it holds none. */
  get cachedLimits(): Limits | undefined {
    const held = apps.get(this.app);
    return held && limitsOf(held.app);
  }

  /**
   * The user that the call claims to act as, for building keys before anything is verified: `open` verifies it in the
   * same round trip, and refuses before a record gets out. Undefined where the app acts.
   */
  get me(): number | undefined {
    if (this.#token?.kind === 'user') return this.#token.user;
    return this.#token && this.#credentials.user !== undefined ? wholeNumber(this.#credentials.user) : undefined;
  }

  /** As `me`, for operations that take persons only (0 where there is none: `open` refuses then). */
  get person(): number {
    return this.me ?? 0;
  }

  /** The group that an admin token's header names, unverified. */
  get headerGroup(): number | undefined {
    return this.#token?.kind === 'admin' && this.#credentials.group !== undefined
      ? wholeNumber(this.#credentials.group)
      : undefined;
  }

  /**
   * Verifies app, token and actor, and brings the records asked for, all in one round trip; in two where the reads could
   * cost more than a caller without rights may (20 units), and are more than the first trip brings: single records in
   * their order, then the first entries of Queries.
   * @param permit refuses callers without rights, before the rest is read. It may look only at single records that stand
   *   first in `reads`.
   * @throws ApiError in the documented order: badParameter, noToken, appMissing, appDisabled, badToken, loginAgain,
   *   noPermission, badParameter, userMissing, then those of `permit`
   */
  async open<R extends Reads>(reads: R, permit?: (records: Records<R>) => void): Promise<Records<R>> {
    await this.#open(reads, permit);
    return this.db.records(reads);
  }

  /** Runs a check as soon as the actor is verified: before `permit`, and before the call shows anything. */
  verifyWithActor(check: () => void): void {
    if (this.#actor) check();
    else this.#waiting.push(check);
  }

  async #open<R extends Reads>(reads: R, permit?: (records: Records<R>) => void): Promise<void> {
    if (this.#actor) {
      await this.db.load([reads]);
      return permit?.(this.db.records(reads));
    }
    const { app, token } = this.#credentials;
    if (!app) throw badParameter('app_id', 'missing header');
    if (this.#access !== 'public' && !token) throw new ApiError('noToken');
    if (!APP_ID.test(app)) throw new ApiError('appMissing');
    const held = apps.get(app);
    const known = held && held.read > this.now - APP_CACHED ? held.app : undefined;
    if (known) this.#verifyApp(known);
    const malformed = this.#access !== 'public' && !this.#token;
    const wanted = malformed ? [] : [this.#ownRecords(), reads];
    // Public operations have no rights to prove once the app is known.
    const most = known && this.#access === 'public' ? Number.POSITIVE_INFINITY : BEFORE_RIGHTS;
    const rest = await this.db.load(known ? wanted : [appOf(app), ...wanted], most);
    if (!known) {
      const [read] = this.db.records([appOf(app)]);
      if (!read) throw new ApiError('appMissing');
      apps.set(app, { app: read, read: this.now });
      this.#verifyApp(read);
    }
    this.#actor = this.#verifyActor();
    for (const check of this.#waiting.splice(0)) check();
    this.#touched = this.#touch();
    permit?.(this.db.records(reads));
    await this.db.load(rest);
  }

  /** Whether presence was due and is written, or was left out. The answer waits for it: nothing runs after the answer. */
  async touched(): Promise<void> {
    await this.#touched;
  }

  #verifyApp(app: App) {
    if (app.status !== 'active') throw new ApiError('appDisabled');
    if (this.#access !== 'public' && !(this.#token && isGenuine(app, this.#token))) throw new ApiError('badToken');
    this.#app = app;
  }

  /** Session and user of a user token; record of an admin token, and the user it acts as. */
  #ownRecords(): Reads {
    const token = this.#token;
    if (!token) return {};
    if (token.kind === 'user')
      return { device: deviceOf(this.app, token.user, token.device), user: userOf(this.app, token.user) };
    const named = this.me;
    return {
      admin: adminTokenOf(this.app, tokenHash(token.text)),
      ...(named !== undefined && { user: userOf(this.app, named) }),
    };
  }

  #verifyActor(): Actor {
    const { user: userHeader, group: groupHeader } = this.#credentials;
    const token = this.#token;
    if (!token) return { kind: 'nobody' };
    if (token.kind === 'user') {
      const [device, user] = this.db.records([
        deviceOf(this.app, token.user, token.device),
        userOf(this.app, token.user),
      ] as const);
      const alive =
        device?.token === tokenHash(token.text) &&
        device.expiresAt > this.now &&
        user?.status === 'active' &&
        device.epoch === user.epoch;
      if (!alive) throw new ApiError('loginAgain');
      if (groupHeader !== undefined) throw new ApiError('noPermission', 'group_id: this header needs an admin token');
      if (userHeader !== undefined && wholeNumber(userHeader) !== token.user)
        throw new ApiError('noPermission', 'user_id: this header needs an admin token');
      if (this.#access === 'admin' || this.#access === 'admin as person')
        throw new ApiError('noPermission', 'this operation needs an admin token');
      return { kind: 'user', user: token.user, device: token.device };
    }
    const [admin] = this.db.records([adminTokenOf(this.app, tokenHash(token.text))]);
    if (!admin || admin.revoked || (admin.expiresAt ?? Number.POSITIVE_INFINITY) <= this.now)
      throw new ApiError('loginAgain');
    if (userHeader !== undefined && groupHeader !== undefined)
      throw badParameter('user_id', 'and group_id: only one of these headers');
    for (const [name, text] of [
      ['user_id', userHeader],
      ['group_id', groupHeader],
    ] as const)
      if (text !== undefined && wholeNumber(text) === undefined) throw badParameter(name, 'header is not an id');
    if (this.me !== undefined) {
      const [user] = this.db.records([userOf(this.app, this.me)]);
      if (!user || user.status === 'deleted') throw new ApiError('userMissing', 'user_id: user does not exist');
      return { kind: 'app as user', user: this.me };
    }
    if (this.#access === 'person' || this.#access === 'admin as person')
      throw badParameter('user_id', 'this operation needs the header with an admin token');
    return this.headerGroup === undefined ? { kind: 'app' } : { kind: 'app on group', group: this.headerGroup };
  }

  /**
   * Writes presence of the device, or last use of the admin token, where the record that was read shows no recent one.
   * The write goes beside the call's own requests, and is conditioned on the token's hash: a forged token writes nothing.
   */
  #touch(): Promise<void> | undefined {
    const token = this.#token;
    if (!token) return undefined;
    const hash = tokenHash(token.text);
    const [read, key, secret] =
      token.kind === 'user'
        ? [deviceOf(this.app, token.user, token.device), deviceKey(this.app, token.user, token.device), 'token']
        : [adminTokenOf(this.app, hash), adminTokenKey(this.app, hash), 'hash'];
    const before = this.now - TOUCH_EVERY;
    if ((this.db.records<Get<{ seen?: number } | undefined>>(read)?.seen ?? 0) >= before) return undefined;
    return this.db.touch(update(key, { set: { seen: this.now } }, all(equal(secret, hash), below('seen', before))));
  }

  /** Opens the call with these reads, then decides and writes: see `transact`. */
  async change<R extends Reads, T>(reads: R, decide: (records: Records<R>) => Plan<T>): Promise<T> {
    await this.#open(reads);
    return this.transact(reads, decide);
  }

  /** The same in a call that has been opened with these reads. */
  transact<R extends Reads, T>(reads: R, decide: (records: Records<R>) => Plan<T>): Promise<T> {
    return this.#refusedInOrder(transact(this.db, reads, decide));
  }

  /** Opens the call with these reads, then changes the entries of a list: see `transactEach`. */
  async changeEach<R extends Reads, E>(reads: R, entries: readonly E[], plan: BatchPlan<R, E>) {
    await this.#open(reads, plan.permit);
    return this.#refusedInOrder(transactEach(this.db, reads, entries, plan));
  }

  /**
   * An error that came of changes made meanwhile may come of the actor's own end (deleted, no longer a member
   * therefore): then that is the answer, as the order of checks has it.
   */
  async #refusedInOrder<T>(settled: Promise<T>): Promise<T> {
    try {
      return await settled;
    } catch (error) {
      if (error instanceof ApiError && this.db.conflicted) {
        await this.db.load([this.#ownRecords()]);
        this.#verifyActor();
      }
      throw error;
    }
  }
}

/** A positive id as headers carry it. */
export function wholeNumber(text: string): number | undefined {
  const number = /^[0-9]{1,16}$/.test(text.trim()) ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) && number > 0 ? number : undefined;
}
