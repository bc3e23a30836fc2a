import { countOnUser, type Paid, type Spent, tellHeldBack } from '../data/allowance-repo.ts';
import { type App, appOf, limitsOf } from '../data/app-repo.ts';
import { Database } from '../data/database.ts';
import type { Get, Reads, Records } from '../data/read.ts';
import type { Step } from '../data/step.ts';
import { type User, userOf } from '../data/user-repo.ts';
import { ApiError, TooManyCalls } from '../errors.ts';
import type { AppId, GroupId, UserId } from '../ids.ts';
import type { AllowanceName, Limits, UserAllowance } from '../limits.ts';
import { type Cost, callsOf, heldBack, sampled, type Use } from './allowance.ts';
import { cacheApp, cachedApp, lastReadApp } from './app-cache.ts';
import {
  type Actor,
  authorOf,
  type Caller,
  type Credentials,
  callerOf,
  type Demands,
  proofOf,
  touch,
  verifiedActor,
  verifyApp,
  verifyHeaders,
} from './caller.ts';
import { isGenuine, type Token } from './token.ts';
import { type BatchPlan, type Plan, transact, transactEach } from './transact.ts';

/** The most read units that a call can cost before the caller's rights are proven. */
const BEFORE_RIGHTS = 20;

/** The time between two events that tell that a user is held back (ms). */
const TOLD_EVERY = 3_600_000;

const tooManyCalls = ({ limit, until }: { limit: AllowanceName; until: number }, now: number) =>
  new TooManyCalls(limit, Math.ceil((until - now) / 1000));

/** Where the limits of a caller without a token are counted: see address.ts. */
export interface Anonymous {
  paid: Get<Paid | undefined>;
  /** Whether the item is read at all. */
  reads: boolean;
  count: (spent: readonly Spent[], again: boolean) => Step;
}

/**
 * One call: the caller, its app, and its view of the table. A domain function begins with exactly one of `open`,
 * `change` or `changeEach`. That reads the caller's records and the function's own in one round trip.
 */
export class Call {
  /** One clock reading for the whole call (ms). */
  readonly now: number;
  readonly db: Database;
  readonly userAgent: string;
  /** Scheme, host and port by which the caller reached this API. Addresses in answers begin with it. */
  readonly origin: string;
  /** Id of the request at the gateway: what this call changes has it as its cause. */
  readonly #cause: string;
  /** The header `Idempotency-Key`, and a hash of the request; see `Idempotency`. */
  readonly idempotency: { key: string; request: string } | undefined;
  readonly #caller: Caller;
  /** The caller's network address; empty where none is known. */
  readonly address: string;
  anonymous: Anonymous | undefined;
  /** What the call uses of the caller's limits. */
  readonly #uses: Use[] = [];
  /** Checks that wait for the actor. */
  readonly #waiting: (() => void)[] = [];
  #app: App | undefined;
  #limits: Limits | undefined;
  #actor: Actor | undefined;
  #touched: Promise<unknown> | undefined;
  #heldBack = false;
  #loggedIn: UserId | undefined;

  constructor(
    demands: Demands,
    credentials: Credentials,
    options: {
      db?: Database;
      now?: number;
      userAgent?: string;
      origin?: string;
      cause?: string;
      address?: string;
      idempotency?: Call['idempotency'];
    } = {},
  ) {
    this.#caller = callerOf(demands, credentials);
    this.now = options.now ?? Date.now();
    this.userAgent = options.userAgent ?? '';
    this.origin = options.origin ?? '';
    this.#cause = options.cause ?? '-';
    this.address = options.address ?? '';
    this.idempotency = options.idempotency;
    this.db = options.db ?? new Database();
  }

  /** The app that the header names; verified once the call is open. */
  get app(): AppId {
    return this.#caller.app;
  }

  /** The verified actor. */
  get actor(): Actor {
    if (!this.#actor) throw new Error('the actor is known only after the call has been opened');
    return this.#actor;
  }

  /** The verified app. */
  get appRecord(): App {
    if (!this.#app) throw new Error('the app is known only after the call has been opened');
    return this.#app;
  }

  /** The token that the caller presents, unverified; undefined in public operations. */
  get token(): Token | undefined {
    return this.#caller.token;
  }

  /** For log lines: undefined until the actor is verified. */
  get actorKind() {
    return this.#actor?.kind;
  }

  get limits(): Limits {
    this.#limits ??= limitsOf(this.appRecord);
    return this.#limits;
  }

  /** The limits as this instance read them last, for guesses before the call is open. */
  get cachedLimits(): Limits | undefined {
    const app = lastReadApp(this.app);
    return app && limitsOf(app);
  }

  /**
   * The user that the call claims to act as, for building keys before anything is verified. `open` verifies it in the
   * same round trip and throws before a record is shown. Undefined where the app itself acts.
   */
  get me(): UserId | undefined {
    return this.#caller.user;
  }

  /**
   * The user whose rights the call has. Undefined where the app acts; in operations for admin tokens only it does,
   * whatever user the header names.
   */
  get holder(): UserId | undefined {
    return this.#caller.access === 'admin' ? undefined : this.me;
  }

  /** `me`, for operations that accept persons only. 0 where there is none: then `open` throws. */
  get person(): UserId {
    return this.me ?? (0 as UserId);
  }

  /** The group that an admin token's header names, unverified. */
  get headerGroup(): GroupId | undefined {
    return this.#caller.group;
  }

  /**
   * Verifies app, token and actor, and reads `reads`, all in one round trip. It takes two where the reads could cost more
   * than `BEFORE_RIGHTS`: the first brings single records in their order, then the first entries of Queries, as far as
   * that suffices.
   * @param permit throws for callers without rights, before the second round trip. It may look only at single records
   *   that stand first in `reads`.
   * @throws ApiError in the documented order: badParameter, noToken, appMissing, appDisabled, badToken, loginAgain,
   *   noPermission, badParameter, userMissing, scopeMissing, tooManyCalls, then those of `permit`
   */
  async open<R extends Reads>(reads: R, permit?: (records: Records<R>) => void): Promise<Records<R>> {
    await this.#open(reads, permit);
    return this.db.records(reads);
  }

  /**
   * The same in one round trip whatever it costs, for callers with a genuine admin token: a token that was revoked can
   * still read so much. An instance that does not know the app yet cannot tell, and may take two.
   */
  async openAtOnce<R extends Reads>(reads: R): Promise<Records<R>> {
    const { token } = this.#caller;
    const app = lastReadApp(this.app);
    const genuine = token?.kind === 'admin' && app !== undefined && isGenuine(app, token);
    await this.#open(reads, undefined, genuine ? Number.POSITIVE_INFINITY : BEFORE_RIGHTS);
    return this.db.records(reads);
  }

  /**
   * The call uses something of which the user, or for public operations the network address, has so much per time. Said
   * before the call is open, it is refused there if nothing is left.
   * @param ofRefusals it counts only if the call is refused
   */
  uses(name: AllowanceName, amount = 1, ofRefusals = false): void {
    this.#uses.push({ name, amount, ofRefusals });
  }

  /**
   * The password has proven the user of a login: the call counts as this user's.
   * @throws TooManyCalls where the user is held back
   */
  proves(user: User): void {
    this.#loggedIn = user.user;
    const held = heldBack(this.limits, user, ['calls_per_minute'], this.now);
    if (held) throw tooManyCalls(held, this.now);
  }

  /** Runs a check as soon as the actor is verified: before `permit`, and before the call shows any record. */
  verifyWithActor(check: () => void): void {
    if (this.#actor) check();
    else this.#waiting.push(check);
  }

  async #open<R extends Reads>(
    reads: R,
    permit?: (records: Records<R>) => void,
    before = BEFORE_RIGHTS,
  ): Promise<void> {
    if (this.#actor) {
      await this.db.load([reads]);
      return permit?.(this.db.records(reads));
    }
    const caller = this.#caller;
    verifyHeaders(caller);
    const cached = cachedApp(this.app, this.now);
    if (cached) verifyApp(caller, cached);
    const isPublic = caller.access === 'public';
    // A malformed token is refused as soon as the app is known.
    const wanted =
      isPublic || caller.token ? [proofOf(caller), this.anonymous?.reads ? this.anonymous.paid : [], reads] : [];
    // Public operations have no rights to prove once the app is known.
    const most = cached && isPublic ? Number.POSITIVE_INFINITY : before;
    const rest = await this.db.load(cached ? wanted : [appOf(this.app), ...wanted], most);
    this.#app = cached ?? this.#verifiedApp();
    this.#actor = verifiedActor(caller, this.db, this.now);
    this.db.author = authorOf(caller, this.#actor, this.#cause);
    this.#verifyAllowances();
    for (const check of this.#waiting.splice(0)) check();
    this.#touched = touch(caller, this.db, this.now);
    permit?.(this.db.records(reads));
    await this.db.load(rest);
  }

  /** The app that has just been read. */
  #verifiedApp(): App {
    const app = this.db.records(appOf(this.app));
    if (app) cacheApp(app, this.now);
    return verifyApp(this.#caller, app);
  }

  /** How far the limits of the user, or else of the address, were used up when they were read. */
  #paidBy(user: UserId | undefined): Paid | undefined {
    const read = user === undefined ? this.anonymous?.paid : userOf(this.app, user);
    return read && this.db.cached<Paid | undefined>(read)?.record;
  }

  /** @throws TooManyCalls */
  #verifyAllowances(): void {
    const kind = this.actorKind;
    if (kind !== 'user' && kind !== 'nobody') return;
    const names = this.#uses.map(({ name }) => name);
    if (kind === 'user') names.push('calls_per_minute');
    const paid = this.#paidBy(kind === 'user' ? this.person : undefined);
    const held = heldBack(this.limits, paid, names, this.now);
    if (!held) return;
    this.#heldBack = true;
    this.#touched = this.#tellHeldBack(held);
    throw tooManyCalls(held, this.now);
  }

  /** Once an hour, so that somebody who keeps calling makes one event. */
  #tellHeldBack({ limit, until }: { limit: AllowanceName; until: number }): Promise<unknown> | undefined {
    const read = userOf(this.app, this.person);
    const user = this.actorKind === 'user' ? this.db.records(read) : undefined;
    const { author } = this.db;
    if (!user || !author || (user.heldBack?.at ?? 0) > this.now - TOLD_EVERY) return undefined;
    const told = { limit: limit as UserAllowance, at: this.now, until };
    return this.db.touch(tellHeldBack(this.app, user, author, told));
  }

  /** Waits until presence is written, where it was due. The answer waits for this, since nothing runs after it. */
  async touched(): Promise<void> {
    await this.#touched;
  }

  /**
   * Counts what the call has used of the caller's limits, if it is drawn. Most calls are not.
   * @param cost.ms how long it took @param cost.bytes of the answer @param cost.refused it ended with an error, no
   *   fault of the service
   * @param insist send it again after faults of the database
   */
  async count({ refused, ...cost }: Pick<Cost, 'ms' | 'bytes'> & { refused: boolean }, insist: boolean): Promise<void> {
    const kind = this.actorKind;
    if (this.#heldBack || (kind !== 'user' && kind !== 'nobody')) return;
    const user = kind === 'user' ? this.person : refused ? undefined : this.#loggedIn;
    const uses = this.#uses.filter(({ ofRefusals }) => refused || !ofRefusals);
    if (user !== undefined) uses.push({ name: 'calls_per_minute', amount: callsOf({ ...this.db.usage, ...cost }) });
    const spent = sampled(this.limits, this.#paidBy(user), uses, this.now);
    if (spent.length === 0) return;
    const step = (again: boolean) =>
      user === undefined ? this.anonymous!.count(spent, again) : countOnUser(this.app, user, spent, again);
    if (await this.db.count(step(false), insist)) await this.db.count(step(true), insist);
  }

  /** Opens the call with these reads, then decides and writes: see `transact`. */
  async change<R extends Reads, T>(reads: R, decide: (records: Records<R>) => Plan<T>): Promise<T> {
    await this.#open(reads);
    return this.transact(reads, decide);
  }

  /** The same in a call that has been opened with these reads. */
  transact<R extends Reads, T>(reads: R, decide: (records: Records<R>) => Plan<T>): Promise<T> {
    return this.#actorErrorFirst(transact(this.db, reads, decide));
  }

  /** Opens the call with these reads, then changes the entries of a list: see `transactEach`. */
  async changeEach<R extends Reads, E>(reads: R, entries: readonly E[], plan: BatchPlan<R, E>) {
    await this.#open(reads, plan.permit);
    return this.#actorErrorFirst(transactEach(this.db, reads, entries, plan));
  }

  /** After a lost race, verifies the actor again: its own error (for example: deleted meanwhile) takes precedence. */
  async #actorErrorFirst<T>(change: Promise<T>): Promise<T> {
    try {
      return await change;
    } catch (error) {
      if (error instanceof ApiError && this.db.conflicted) {
        await this.db.load([proofOf(this.#caller)]);
        verifiedActor(this.#caller, this.db, this.now);
      }
      throw error;
    }
  }
}
