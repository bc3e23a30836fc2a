/**
 * Client of the Roster API, in two files without dependencies. Copy `roster.ts` and `operations.ts` into your
 * application. It runs in browsers, Node.js and any other runtime with `fetch`.
 */
import { type CallOptions, ERRORS, type ErrorName, type Operations, type Page, ROUTES } from './operations.ts';

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
  fetch?: typeof fetch;
}

export interface Client extends Operations {
  /** The same client with other options: `client.with({ token })`. */
  with(options: Partial<ClientOptions>): Client;
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
}

/**
 * The operations of the API as functions. They return `data` or a page of a list, and throw `ApiError` or
 * `TransportError`.
 */
export function rosterClient(options: ClientOptions): Client {
  const areas = Object.entries(ROUTES).map(([area, routes]) => {
    const calls = Object.entries(routes).map(([name, [method, path, answers]]) => [
      name,
      async (parameters: unknown = {}, more: CallOptions = {}) => {
        const { data, cursor, total } = await send(options, method, path, parameters, more);
        return answers === 'page' ? { data, cursor, total } : data;
      },
    ]);
    return [area, Object.fromEntries(calls)];
  });
  const operations = Object.fromEntries(areas) as Operations;
  return { ...operations, with: (changed) => rosterClient({ ...options, ...changed }) };
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
  { endpoint, app, token, user, group, retries = 3, fetch: get = fetch }: ClientOptions,
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
  for (let attempt = 0; ; attempt++) {
    const response = await get(url, request);
    const again =
      response.status === 429 || (response.status === 503 && (idempotencyKey !== undefined || !ONCE.includes(path)));
    if (again && attempt < retries) {
      // Full jitter, so that clients refused at the same moment do not retry at the same moment.
      const most = 1000 * Number(response.headers.get('retry-after') ?? 1) * 2 ** attempt;
      await new Promise((resolve) => setTimeout(resolve, Math.random() * most));
      continue;
    }
    if (!response.ok) throw new TransportError(response.status, `${method} ${path}: HTTP ${response.status}`);
    const answer = (await response.json()) as Envelope;
    if (answer.code !== 200) throw new ApiError(answer.code, answer.message ?? '');
    return answer;
  }
}
