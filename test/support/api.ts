import { randomUUID } from 'node:crypto';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { expect } from 'vitest';
import type * as z from 'zod/mini';
import { ANSWER_LIMIT } from '../../infra/local/function-pool.ts';
import { type ErrorName, errors } from '../../shared/errors.ts';
import { errorName } from '../../shared/openapi/errors.ts';
import { type Method, type Operation, routeKeysOf, routes } from '../../shared/routes/index.ts';
import { asDescribed } from './described.ts';
import { calledOperation } from './guards.ts';
import { type CallLog, takeLog } from './log.ts';
import { record } from './recorder.ts';

/** A call as a test writes it. Fields that are left out are not sent. */
export interface Request {
  app?: string | undefined;
  token?: string | undefined;
  /** The `user_id` header. */
  user?: number | string | undefined;
  /** The `group_id` header. */
  group?: number | string | undefined;
  query?: Record<string, unknown> | undefined;
  /** A string is sent as it is, anything else as JSON. */
  body?: unknown;
  headers?: Record<string, string> | undefined;
  /** The body is sent in base64, as the gateway sends a body without a text type. */
  base64?: boolean | undefined;
  /** Id of the request at the gateway: what the call changes has it as its cause. In process only. */
  requestId?: string | undefined;
  /** Network address of the caller. In process only. */
  address?: string | undefined;
}

/** The envelope of every answer. */
export interface Envelope {
  code: number;
  // biome-ignore lint/suspicious/noExplicitAny: tests read documented fields of whatever operation they called
  data: any;
  message: string | null;
  cursor?: string;
  total?: number;
  version?: number;
}

/** The name of the envelope's code. */
export type Outcome = 'success' | ErrorName | 'fault';

export interface Answer {
  status: number;
  headers: Record<string, string>;
  body: Envelope;
  outcome: Outcome;
  /** The body as it was sent. */
  text: string;
  /** The log line of the call; in process only. */
  log?: CallLog;
}

export interface Api {
  call(method: Method, path: string, request?: Request): Promise<Answer>;
  /** `call` without retries, for tests of faults of the service; absent where `call` does not retry. */
  once?: Api['call'];
}

/** The envelope that the answer of an operation without one would have had. */
function enveloped({ bare }: Operation, status: number, text: string): Envelope {
  const body = JSON.parse(text);
  if (!bare) return body;
  if (status === 200) return { code: 200, data: body, message: null };
  const message = typeof body === 'string' ? body : (body.error_description ?? body.error.message);
  const name = Object.entries(errors).find(([, [, usual]]) => message.endsWith(usual))?.[0] as ErrorName | undefined;
  const forbidden = message.includes('lacks the scope') ? 'scopeMissing' : 'noPermission';
  const other = status === 403 ? forbidden : 'badParameter';
  return { code: status >= 500 ? 20000 : errors[name ?? other][0], data: null, message };
}

/** What an operation's file exports. */
export interface OperationModule {
  request: z.core.$ZodType;
  reply: z.core.$ZodType;
  handler(event: APIGatewayProxyEventV2, context: Context): Promise<unknown>;
}

const modules = new Map<string, Promise<OperationModule>>();

/** Cached: a second import takes a moment too, and calls must begin in the order in which they are made. */
export function moduleOf({ id }: Operation): Promise<OperationModule> {
  const known = modules.get(id) ?? import(/* @vite-ignore */ new URL(`../../functions/${id}.ts`, import.meta.url).href);
  modules.set(id, known);
  return known;
}

export const routeOf = (method: Method, path: string): Operation => {
  const found = routes.find((route) => routeKeysOf(route).some((key) => key === `${method} ${path}`));
  if (!found) throw new Error(`the route table has no ${method} ${path}`);
  return found;
};

/**
 * Calls each operation's handler in this process, as API Gateway would. Table and bucket are those of the environment
 * (see `worldInProcess`).
 */
export const inProcess: Api = {
  async call(method, path, request = {}) {
    const route = routeOf(method, path);
    const { handler } = await moduleOf(route);
    const requestId = randomUUID();
    const context = {
      awsRequestId: requestId,
      // More than a function has, since all calls of a race share one processor with the test.
      getRemainingTimeInMillis: () => 60_000,
    } as Context;
    const response = (await calledOperation.run(route, handler, eventOf(method, path, request), context)) as {
      statusCode: number;
      headers: Record<string, string>;
      body: string;
    };
    // Lambda refuses larger answers.
    expect(Buffer.byteLength(JSON.stringify(response)), route.id).toBeLessThanOrEqual(ANSWER_LIMIT);
    const log = takeLog(requestId);
    const body = enveloped(route, response.statusCode, response.body);
    expect([log.code, log.status]).toEqual([String(body.code), response.statusCode]);
    keepsSecrets(JSON.stringify(log), request, body);
    const { statusCode: status, headers, body: text } = response;
    return verified(route, request, { status, headers, body, outcome: outcomeOf(body), text, log });
  },
};

/** Calls the operations over HTTP. */
export const overHttp = (endpoint: string): Api => ({
  async call(method, path, request = {}) {
    const body = bodyText(request);
    const response = await fetch(`${endpoint}${path}${queryText(request)}`, {
      method,
      redirect: 'manual',
      headers: {
        // The gateway turns a body without a text type into base64.
        'content-type': request.base64 ? 'application/octet-stream' : 'application/json',
        ...headersOf(request),
      },
      // fetch sends no body with GET; its parameters go in the query.
      ...(body !== undefined && method !== 'GET' && { body }),
    });
    const text = await response.text();
    const route = routeOf(method, path);
    const envelope = enveloped(route, response.status, text);
    const answer = {
      status: response.status,
      headers: Object.fromEntries(response.headers),
      body: envelope,
      outcome: outcomeOf(envelope),
      text,
    };
    return verified(route, request, answer);
  },
});

/** How many answers were 503. */
export const busy = { answers: 0 };

/**
 * Repeats calls that are answered 503, as clients do when Retry-After asks for it. An answer 500 fails the test.
 */
export const insisting = (api: Api): Api => ({
  once: api.call,
  async call(method, path, request) {
    const answer = await api.call(method, path, request);
    const fault = `${method} ${path}: ${JSON.stringify(answer.log?.error ?? answer.body)}`;
    expect(answer.status, fault).not.toBe(500);
    if (answer.status !== 503) return answer;
    expect(answer.headers['retry-after'], fault).toBe('1');
    busy.answers++;
    return this.call(method, path, request);
  },
});

/** The code of an error in an envelope. */
export const codeOf = (name: ErrorName): number => errors[name][0];

/** What a code stands for; a code that the table of errors does not have fails the test. */
export function outcomeOf({ code, message }: Pick<Envelope, 'code' | 'message'>): Outcome {
  if (code === 200) return 'success';
  if (code === 20000) return 'fault';
  const name = errorName(code);
  if (!name) throw new Error(`no error has the code ${code} (${message})`);
  return name;
}

/** Checks an answer, and records it as a possible example. */
function verified(route: Operation, request: Request, answer: Answer): Answer {
  demandDescribed(route, answer);
  record(route, request, answer.body);
  return answer;
}

/** Throws if an answer is not what docs/openapi.json says of the operation. */
export function demandDescribed(route: Operation, { status, body, headers, text }: Omit<Answer, 'outcome'>): void {
  expect(headers['content-type']).toBe('application/json; charset=utf-8');
  if (route.bare) {
    asDescribed(route, status, JSON.parse(text));
    return;
  }
  const tooLarge =
    status === 413 &&
    /^body: must have at most \d+ bytes(: post a larger file to direct_url, with all fields of oss_body_param)?$/.test(
      body.message ?? '',
    );
  if (body.code !== 20000 && !tooLarge) expect(status).toBe(headers.location ? 302 : 200);
  // A redirect has its address in the data too.
  if (headers.location) expect(body.data).toEqual({ url: headers.location });
  asDescribed(route, status, body);
}

/** A log line may hold no token and no password. */
function keepsSecrets(line: string, { token, body }: Request, answer: Envelope): void {
  const given = typeof body === 'object' && body !== null ? (body as Record<string, unknown>).password : undefined;
  const secrets = [token, given, answer.data?.token].filter(
    (secret): secret is string => typeof secret === 'string' && secret.length > 7,
  );
  for (const secret of secrets) expect(line.includes(secret), 'a secret stands in the log').toBe(false);
}

const headersOf = ({ app, token, user, group, headers }: Request): Record<string, string> => ({
  ...(app !== undefined && { app_id: app }),
  ...(token !== undefined && { 'access-token': token }),
  ...(user !== undefined && { user_id: String(user) }),
  ...(group !== undefined && { group_id: String(group) }),
  ...headers,
});

const bodyText = ({ body }: Request) => (body === undefined || typeof body === 'string' ? body : JSON.stringify(body));

function queryText({ query = {} }: Request): string {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) search.append(name, typeof value === 'object' ? JSON.stringify(value) : String(value));
  return search.size > 0 ? `?${search}` : '';
}

/** The address of a caller that names none. */
const ADDRESS = '203.0.113.9';
/** The domain of the API in this process. */
const DOMAIN = 'api.example';

/** An event of payload format 2.0, with the fields that functions read. */
export function eventOf(method: Method, path: string, request: Request): APIGatewayProxyEventV2 {
  const text = bodyText(request);
  const body = request.base64 && text !== undefined ? Buffer.from(text).toString('base64') : text;
  return {
    version: '2.0',
    routeKey: `${method} ${path}`,
    rawPath: path,
    rawQueryString: queryText(request).slice(1),
    headers: { 'content-type': 'application/json', ...headersOf(request) },
    requestContext: {
      domainName: DOMAIN,
      http: { method, path, sourceIp: request.address ?? ADDRESS },
      requestId: request.requestId ?? 'at-the-gateway',
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: request.base64 ?? false,
  } as unknown as APIGatewayProxyEventV2;
}
