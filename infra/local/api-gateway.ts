/** Serves an HTTP API as the templates define it: routes, CORS, throttles, payload limits, answers of its own. */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { FunctionPool, Outcome } from './function-pool.ts';
import { type HttpResponse, toEvent, toResponse } from './http-event.ts';
import type { ApiDefinition, CorsDefinition, RouteDefinition, Throttle } from './read-api.ts';

/** Bytes of a body that HTTP APIs accept. */
const PAYLOAD_LIMIT = 10 * 1024 * 1024;
/** Bytes of an event that Lambda accepts. */
const EVENT_LIMIT = 6 * 1024 * 1024;
/** Bytes of request line and headers that HTTP APIs accept. */
const HEADER_LIMIT = 10_240;

/** One line of the access log. */
export interface AccessLogEntry {
  method: string;
  path: string;
  routeKey: string | undefined;
  status: number;
  /** Milliseconds from the headers of the request to the end of the answer. */
  duration: number;
  requestId: string;
  outcome: Outcome | undefined;
  response: Buffer;
}

interface Gateway {
  api: ApiDefinition;
  pool: FunctionPool;
  onAccess?(entry: AccessLogEntry): void;
  /** JSON documents by path, served to this machine only. */
  documents?: Record<string, object> | undefined;
}

/** An HTTP server that answers 503 until `serve` is called. The caller makes it listen. */
export function createGatewayServer(): { server: Server; serve(gateway: Gateway): void } {
  let handle = async (request: IncomingMessage, response: ServerResponse) => {
    request.resume();
    send(response, ownAnswer(503, 'Service Unavailable'), newRequestId());
  };
  const server = createServer({ maxHeaderSize: HEADER_LIMIT }, (request, response) => {
    handle(request, response).catch((error) => {
      // A client that disconnects during its request is no error of the gateway.
      if (request.errored || response.destroyed) return;
      console.error(error);
      if (!response.headersSent) send(response, ownAnswer(500, 'Internal Server Error'), newRequestId());
    });
  });
  return {
    server,
    serve(gateway) {
      handle = requestHandler(gateway);
    },
  };
}

function requestHandler({ api, pool, onAccess, documents = {} }: Gateway) {
  const match = createRouter(api.routes);
  const throttles = new Map(api.routes.map(({ key }) => [key, createThrottle(api.throttle(key))]));

  const answer = async (request: IncomingMessage, body: Buffer | undefined, requestId: string) => {
    const path = (request.url ?? '/').split('?', 1)[0]!;
    const matched = match(request.method ?? '', path);
    if (!matched) return { response: ownAnswer(404, 'Not Found') };
    const { route, pathParameters } = matched;
    const routeKey = route.key;
    if (!throttles.get(routeKey)?.()) return { routeKey, response: ownAnswer(429, 'Too Many Requests') };
    if (!body) return { routeKey, response: ownAnswer(413, 'Request Entity Too Large') };
    if (!route.permitted) return { routeKey, response: ownAnswer(500, 'Internal Server Error') };
    const event = toEvent(request, body, { apiId: api.id, requestId, routeKey, pathParameters });
    // Only the body can make an event large. JSON takes at most six times its bytes, so a small body needs no check.
    if (body.length > EVENT_LIMIT / 8 && Buffer.byteLength(JSON.stringify(event)) > EVENT_LIMIT) {
      return { routeKey, response: ownAnswer(413, 'Request Entity Too Large') };
    }
    const outcome = await within(route.timeout, pool.invoke(route.function, event));
    if (!outcome) return { routeKey, response: ownAnswer(503, 'Service Unavailable') };
    const response = outcome.ok ? toResponse(outcome.payload) : undefined;
    return { routeKey, outcome, response: response ?? ownAnswer(500, 'Internal Server Error') };
  };

  return async (request: IncomingMessage, response: ServerResponse) => {
    const started = Date.now();
    const requestId = newRequestId();
    const { origin, host = '' } = request.headers;
    const document = Object.hasOwn(documents, request.url ?? '') && documents[request.url ?? ''];
    // Pages of other origins cannot read a document: it has no CORS headers, and any other host name, which could be
    // theirs by DNS rebinding, is refused.
    if (document && request.method === 'GET' && /^(127\.0\.0\.1|localhost):\d+$/.test(host)) {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      const body = Buffer.from(JSON.stringify(document));
      return send(response, { status: 200, headers, cookies: [], body }, requestId);
    }
    const corsHeaders = api.cors && origin !== undefined ? corsHeadersFor(api.cors, origin) : {};
    if (api.cors && request.method === 'OPTIONS' && origin && request.headers['access-control-request-method']) {
      request.resume();
      return send(
        response,
        {
          status: 204,
          headers: { ...corsHeaders, ...preflightHeaders(api.cors, origin) },
          cookies: [],
          body: Buffer.alloc(0),
        },
        requestId,
      );
    }
    const body = await readBody(request);
    const result = await answer(request, body, requestId);
    // The gateway's CORS headers replace the function's own.
    const own = api.cors
      ? Object.entries(result.response.headers).filter(([name]) => !name.startsWith('access-control-'))
      : Object.entries(result.response.headers);
    send(response, { ...result.response, headers: { ...Object.fromEntries(own), ...corsHeaders } }, requestId);
    onAccess?.({
      method: request.method ?? '',
      path: (request.url ?? '/').split('?', 1)[0]!,
      routeKey: result.routeKey,
      status: result.response.status,
      duration: Date.now() - started,
      requestId,
      outcome: result.outcome,
      response: result.response.body,
    });
  };
}

/** The body, or undefined if it is over the limit. The whole body is read, so that the client receives the answer. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request) {
    length += chunk.length;
    if (length <= PAYLOAD_LIMIT) chunks.push(chunk);
    else chunks.length = 0;
  }
  return length <= PAYLOAD_LIMIT ? Buffer.concat(chunks) : undefined;
}

/**
 * Finds the route of a request as HTTP APIs do: first the full path, then paths with parameters, then paths with a
 * greedy parameter, last `$default`. On the same path, the method of the request comes before ANY.
 */
export function createRouter(routes: RouteDefinition[]) {
  const exact = new Map<string, RouteDefinition>();
  const withParameters: { route: RouteDefinition; method: string; pattern: RegExp; greedy: boolean }[] = [];
  for (const route of routes) {
    const [method = '', path = ''] = route.key.split(' ');
    if (!path.includes('{')) exact.set(route.key, route);
    else {
      const pattern = path.replace(/\{(\w+)(\+?)\}/g, (_, name, greedy) => `(?<${name}>${greedy ? '.+' : '[^/]+'})`);
      withParameters.push({ route, method, pattern: new RegExp(`^${pattern}$`), greedy: path.includes('+}') });
    }
  }
  withParameters.sort(
    (a, b) => Number(a.greedy) - Number(b.greedy) || Number(a.method === 'ANY') - Number(b.method === 'ANY'),
  );
  return (method: string, path: string) => {
    const plain = exact.get(`${method} ${path}`) ?? exact.get(`ANY ${path}`);
    if (plain) return { route: plain, pathParameters: undefined };
    for (const { route, method: wanted, pattern } of withParameters) {
      const groups = (wanted === method || wanted === 'ANY') && pattern.exec(path)?.groups;
      if (groups) return { route, pathParameters: { ...groups } };
    }
    const fallback = exact.get('$default');
    return fallback && { route: fallback, pathParameters: undefined };
  };
}

/** A token bucket. The result says whether one more request may pass now. */
function createThrottle(throttle: Throttle | undefined): () => boolean {
  if (!throttle) return () => true;
  let tokens = throttle.burst;
  let filled = Date.now();
  return () => {
    const now = Date.now();
    tokens = Math.min(throttle.burst, tokens + ((now - filled) / 1000) * throttle.rate);
    filled = now;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

function corsHeadersFor(cors: CorsDefinition, origin: string): Record<string, string> {
  if (!cors.allowOrigins.includes('*') && !cors.allowOrigins.includes(origin)) return {};
  return {
    'access-control-allow-origin': cors.allowOrigins.includes('*') ? '*' : origin,
    ...(cors.exposeHeaders.length > 0 && { 'access-control-expose-headers': cors.exposeHeaders.join(',') }),
  };
}

function preflightHeaders(cors: CorsDefinition, origin: string): Record<string, string> {
  if (Object.keys(corsHeadersFor(cors, origin)).length === 0) return {};
  return {
    'access-control-allow-methods': cors.allowMethods.join(','),
    'access-control-allow-headers': cors.allowHeaders.join(','),
    ...(cors.maxAge !== undefined && { 'access-control-max-age': String(cors.maxAge) }),
  };
}

/** An answer of the gateway itself. */
function ownAnswer(status: number, message: string): HttpResponse {
  const headers = { 'content-type': 'application/json' };
  return { status, headers, cookies: [], body: Buffer.from(JSON.stringify({ message })) };
}

function send(response: ServerResponse, { status, headers, cookies, body }: HttpResponse, requestId: string) {
  const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...passed } = headers;
  try {
    response.writeHead(status, {
      ...passed,
      ...(cookies.length > 0 && { 'set-cookie': cookies }),
      ...(status !== 204 && { 'content-length': body.length }),
      'apigw-requestid': requestId,
    });
    response.end(body);
  } catch {
    // The function returned a header that HTTP does not allow.
    const { status: fault, headers: own, body: text } = ownAnswer(500, 'Internal Server Error');
    response.writeHead(fault, { ...own, 'apigw-requestid': requestId }).end(text);
  }
}

/** Sixteen characters of base64, as the ids of the gateway. */
function newRequestId(): string {
  return randomBytes(12).toString('base64');
}

/** The value of the promise, or undefined after so many milliseconds. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
