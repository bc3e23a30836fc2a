/**
 * Client of the Roster API, in three files without dependencies. Copy `roster.ts`, `operations.ts` and `event-types.ts`
 * into your application, `webhook.ts` if it takes webhooks, and `fold.ts` if it builds a model from events. They run in
 * browsers, Node.js and any other runtime with `fetch`.
 */
import type { EventPattern, EventType, RosterEvent, Selected } from './event-types.ts';
import { type CallOptions, ERRORS, type ErrorName, type Operations, type Page, ROUTES } from './operations.ts';

export type * from './event-types.ts';
export type * from './operations.ts';

export interface ClientOptions {
  /** Address of the API, without a trailing slash. */
  endpoint: string;
  /** Id of the app. */
  app: string;
  /** Token of a user, or an admin token; logins and registrations need none. */
  token?: string;
  /** With an admin token: the user to act as. */
  user?: number;
  /** With an admin token: the group to act on with owner rights. */
  group?: number;
  /**
   * Maximum number of retries after 429 and 503, default 3. After 429 the call had no effect. After 503 it took effect
   * completely or not at all, so it is retried only if a repetition is safe (see `ONCE`).
   */
  retries?: number;
  /**
   * Seconds for which a call may wait by itself where the user has used up a limit (10429), default 0: it throws
   * `TooManyCalls` at once. Such a call had no effect.
   */
  patience?: number;
  fetch?: typeof fetch;
}

export interface Client extends Operations {
  /** The same client with other options: `client.with({ token })`. */
  with(options: Partial<ClientOptions>): Client;
  /**
   * The events of the app, in order: `for await (const event of client.events({ types: ['group.member.*'] }))`. Needs an
   * admin token. At the last event it waits for the next one.
   */
  events<const P extends EventPattern = EventType>(options?: EventOptions<P>): EventFeed<Selected<P>>;
}

export interface EventOptions<P extends EventPattern = EventPattern> {
  /** Begin after the event of this `sequence`, or with what happens from `now` on. Default: the oldest event that is kept. */
  after?: string;
  /** Types, or groups of them such as `group.member.*`. Default: all. */
  types?: readonly P[];
  /** Only events about this group. */
  group_id?: number;
  /** Only events about this user. */
  user_id?: number;
  /**
   * Seconds for which a call waits for an event, 0 to 20, default 20. With 0 the iteration ends after the last event
   * instead of waiting.
   */
  wait?: number;
  /**
   * Keeps the cursor, so that the next start goes on where this one ended; `after` counts only while it is empty. `save`
   * is called after events were handled, at most once per second, and at the end. After a crash the events of the last
   * second come again.
   */
  store?: {
    load(): string | undefined | Promise<string | undefined>;
    save(cursor: string): unknown;
  };
  /** Ends the iteration, without an error. */
  signal?: AbortSignal;
  /** Is told why a call failed that will be repeated: the network, or a status of 429 or from 500 on. */
  onFault?: (error: unknown) => void;
}

/** The API answered with a documented error and changed nothing. */
export class ApiError extends Error {
  override readonly name: ErrorName | 'ApiError';
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
    this.name = NAMES.get(code) ?? 'ApiError';
  }

  /** Whether it is this error: `error.is('groupFull')`. */
  is(name: ErrorName): boolean {
    return this.code === ERRORS[name];
  }
}

/** Names by code. The service may have errors that are newer than this copy of the client. */
const NAMES = new Map<number, ErrorName>(Object.entries(ERRORS).map(([name, code]) => [code, name as ErrorName]));

/**
 * Events after the cursor, or changes after the version, are no longer kept, or the app keeps none (20030). Read the state
 * again by lists, and go on from there.
 */
export class EventsGone extends ApiError {
  /** `sequence` or version of the oldest one that is kept; absent if there is none. */
  readonly oldest: string | undefined;
  constructor(code: number, message: string, oldest?: string) {
    super(code, message);
    this.oldest = oldest;
  }
}

/** The user, or the network address, has used up one of its limits (10429). The call had no effect. */
export class TooManyCalls extends ApiError {
  /** Seconds after which to try again. */
  readonly retryAfter: number;
  constructor(code: number, message: string, retryAfter: number) {
    super(code, message);
    this.retryAfter = retryAfter;
  }
}

/** The service did not answer the call, including retries. Only 429 guarantees that the call had no effect. */
export class TransportError extends Error {
  override name = 'TransportError';
  /** HTTP status. */
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/**
 * Calls that must not be repeated, because a repetition creates something else or fails. Most are safe with an
 * `idempotencyKey`.
 */
const ONCE = [
  '/group/create',
  '/group/announcement/edit',
  '/group/file/upload',
  '/user/register/batch',
  '/user/register/v2',
  '/user/register/push',
];

interface Envelope {
  code: number;
  data: unknown;
  message: string | null;
  cursor?: string;
  total?: number;
  oldest?: string;
}

/** The answer of `/event/list`. */
interface EventPage {
  data: RosterEvent[];
  next: string;
  head: string;
}

/**
 * The operations of the API as functions. They return `data` or a page of a list, and throw `ApiError` or
 * `TransportError`.
 */
export function rosterClient(options: ClientOptions): Client {
  const areas = Object.entries(ROUTES).map(([area, routes]) => {
    const calls = Object.entries(routes).map(([name, [method, path, returns]]) => [
      name,
      async (parameters: unknown = {}, more: CallOptions = {}) => {
        const { code, message, ...answer } = await send(options, method, path, parameters, more);
        return returns === 'whole' ? answer : answer.data;
      },
    ]);
    return [area, Object.fromEntries(calls)];
  });
  const operations = Object.fromEntries(areas) as Operations;
  return {
    ...operations,
    with: (changed) => rosterClient({ ...options, ...changed }),
    events: (given = {}) => new EventFeed(options, given),
  };
}

/**
 * Events in order, each at least once. An event counts as handled when the loop asks for the next one: one whose handling
 * failed, or after which the loop ended, comes again from the same `store`. Deduplicate by `event.id`.
 */
export class EventFeed<T extends EventType = EventType> implements AsyncIterable<RosterEvent<T>> {
  /** `sequence` of the last event that was handled or passed over. Another iteration goes on after it. */
  cursor: string | undefined;
  /** `sequence` of the last event of the app, as of the last answer. */
  head: string | undefined;
  /** When the service answered last, in milliseconds since 1970. At the last event it answers after `wait`. */
  answered: number | undefined;
  readonly #client: ClientOptions;
  readonly #options: EventOptions;

  /** @throws TypeError if the endpoint is no URL */
  constructor(client: ClientOptions, options: EventOptions) {
    // Now, because a wrong address would later look like a fault of the network.
    new URL(client.endpoint);
    this.#client = client;
    this.#options = options;
  }

  /** @throws ApiError, EventsGone, TransportError (statuses that no repetition changes) */
  async *[Symbol.asyncIterator](): AsyncGenerator<RosterEvent<T>, void> {
    const { store, after, wait = 20, signal } = this.#options;
    this.cursor ??= (await store?.load()) ?? (after === 'now' ? (await this.#page({ limit: 1 }))?.head : after);
    let saved = { cursor: this.cursor, at: Date.now() };
    const save = async () => {
      if (this.cursor === undefined || this.cursor === saved.cursor) return;
      await store?.save(this.cursor);
      saved = { cursor: this.cursor, at: Date.now() };
    };
    try {
      while (!signal?.aborted) {
        const asked = Date.now();
        const page = await this.#page({ after: this.cursor, limit: MOST_EVENTS, wait });
        if (!page) return;
        for (const event of page.data) {
          yield event as RosterEvent<T>;
          this.cursor = event.sequence;
          if (signal?.aborted) return;
          if (Date.now() - saved.at >= 1000) await save();
        }
        this.cursor = page.next;
        await save();
        if (page.next < page.head) continue;
        if (wait === 0) return;
        // A service that does not wait is not asked more than once per second.
        if (page.data.length === 0 && Date.now() - asked < 1000) await pause(1000, signal);
      }
    } finally {
      await save();
    }
  }

  /** A page, however often the network fails; undefined once the signal has ended the iteration. */
  async #page(parameters: { after?: string | undefined; limit: number; wait?: number }) {
    const { types, group_id, user_id, signal, onFault } = this.#options;
    const asked = { types: types?.join(','), group_id, user_id, ...parameters };
    const call = (signal: AbortSignal) => send(this.#client, 'GET', '/event/list', asked, { signal });
    try {
      const page = await insist(call, { signal, onFault, wait: parameters.wait });
      this.answered = Date.now();
      const { data, next, head } = page as unknown as EventPage;
      this.head = head;
      return { data, next, head };
    } catch (error) {
      if (signal?.aborted) return undefined;
      throw error;
    }
  }
}

/** Events of one call. */
const MOST_EVENTS = 1000;

/**
 * The answer of a call, however often the network or the service fails.
 * @param options.wait seconds for which the service may wait before it answers
 * @throws what no repetition changes, and once the signal is aborted
 */
export async function insist<T>(
  call: (signal: AbortSignal) => Promise<T>,
  {
    signal,
    onFault,
    wait = 0,
  }: {
    signal: AbortSignal | undefined;
    onFault: ((error: unknown) => void) | undefined;
    wait?: number | undefined;
  },
): Promise<T> {
  for (let faults = 0; ; faults++) {
    signal?.throwIfAborted();
    // A connection that was cut without a word never answers.
    const limit = AbortSignal.timeout(30_000 + 1000 * wait);
    try {
      return await call(signal ? AbortSignal.any([signal, limit]) : limit);
    } catch (error) {
      if (signal?.aborted || !mayPass(error)) throw error;
      onFault?.(error);
      await pause(Math.random() * Math.min(30_000, 1000 * 2 ** faults), signal);
    }
  }
}

/** Whether the call of this error may succeed later. `fetch` throws a TypeError when the network fails. */
const mayPass = (error: unknown): boolean =>
  error instanceof TransportError
    ? error.status === 429 || error.status >= 500
    : error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError');

/** Waits so many milliseconds, or until the signal is aborted. */
async function pause(ms: number, signal?: AbortSignal): Promise<void> {
  if (signal?.aborted) return;
  await new Promise<void>((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal?.addEventListener('abort', end);
  });
}

/**
 * All entries of a list, page by page: `for await (const member of entries(client.group.memberList, { group_id }))`.
 */
export async function* entries<P extends { cursor?: string }, T>(
  list: (parameters: P) => Promise<Page<T>>,
  parameters: P,
): AsyncGenerator<T, void> {
  let { cursor } = parameters;
  do {
    const page = await list({ ...parameters, ...(cursor !== undefined && { cursor }) });
    yield* page.data;
    cursor = page.cursor;
  } while (cursor !== undefined);
}

async function send(
  { endpoint, app, token, user, group, retries = 3, patience = 0, fetch: get = fetch }: ClientOptions,
  method: string,
  path: string,
  parameters: unknown,
  { idempotencyKey, signal }: CallOptions,
): Promise<Envelope> {
  const url = new URL(endpoint + path);
  const headers: Record<string, string> = { app_id: app };
  if (token !== undefined) headers['access-token'] = token;
  if (user !== undefined) headers.user_id = String(user);
  if (group !== undefined) headers.group_id = String(group);
  if (idempotencyKey !== undefined) headers['idempotency-key'] = idempotencyKey;
  const request: RequestInit = { method, headers, ...(signal && { signal }) };
  if (method === 'GET') {
    for (const [name, value] of Object.entries(parameters as object))
      if (value !== undefined) url.searchParams.set(name, String(value));
  } else {
    headers['content-type'] = 'application/json';
    request.body = JSON.stringify(parameters);
  }
  let waited = 0;
  for (let attempt = 0; ; attempt++) {
    const response = await get(url, request);
    const again =
      response.status === 429 || (response.status === 503 && (idempotencyKey !== undefined || !ONCE.includes(path)));
    if (again && attempt < retries) {
      // Full jitter, so that clients refused at the same moment do not retry at the same moment.
      const most = 1000 * Number(response.headers.get('retry-after') ?? 1) * 2 ** attempt;
      await pause(Math.random() * most, signal);
      continue;
    }
    if (!response.ok) throw new TransportError(response.status, `${method} ${path}: HTTP ${response.status}`);
    const answer = (await response.json()) as Envelope;
    if (answer.code === ERRORS.tooManyCalls) {
      const seconds = Number(response.headers.get('retry-after') ?? 60);
      if (waited + seconds > patience) throw new TooManyCalls(answer.code, answer.message ?? '', seconds);
      waited += seconds;
      await pause(seconds * 1000, signal);
      continue;
    }
    if (answer.code === ERRORS.eventsGone) throw new EventsGone(answer.code, answer.message ?? '', answer.oldest);
    if (answer.code !== 200) throw new ApiError(answer.code, answer.message ?? '');
    return answer;
  }
}
