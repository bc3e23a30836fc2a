import { once } from 'node:events';
import { type IncomingMessage, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AccessLogEntry, createGatewayServer, createRouter } from '../../infra/local/api-gateway.ts';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import type { FunctionPool, Outcome } from '../../infra/local/function-pool.ts';
import type { ApiDefinition, RouteDefinition } from '../../infra/local/read-api.ts';
import type { Json } from '../../infra/local/template.ts';

const route = (key: string, more: Partial<RouteDefinition> = {}): RouteDefinition => ({
  key,
  function: { name: key } as FunctionDefinition,
  timeout: 100,
  permitted: true,
  ...more,
});

let port: number;
let close: () => void;
let events: Json[];
let accesses: AccessLogEntry[];
/** What the functions answer. */
let reply: (event: Json) => Promise<Partial<Outcome> & { payload?: Json }>;

beforeEach(async () => {
  [events, accesses] = [[], []];
  reply = async (event) => ({ ok: true, payload: { statusCode: 200, body: JSON.stringify(event) } });
  const api: ApiDefinition = {
    id: 'api',
    routes: [
      route('POST /a'),
      route('GET /a'),
      route('GET /limited'),
      route('GET /forbidden', { permitted: false }),
      route('GET /items/{id}/{part+}'),
    ],
    cors: {
      allowOrigins: ['*'],
      allowMethods: ['GET', 'POST'],
      allowHeaders: ['app_id', 'content-type'],
      exposeHeaders: ['retry-after'],
      maxAge: 600,
    },
    throttle: (key) => (key === 'GET /limited' ? { rate: 0.001, burst: 2 } : undefined),
  };
  const pool = {
    invoke: async (_: FunctionDefinition, event: Json) => {
      events.push(event);
      return (await reply(event)) as Outcome;
    },
  } as unknown as FunctionPool;
  const { server, serve } = createGatewayServer();
  serve({ api, pool, onAccess: (entry) => accesses.push(entry) });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  port = (server.address() as AddressInfo).port;
  close = () => {
    server.close();
    server.closeAllConnections();
  };
});
afterEach(() => close());

/** Sends headers exactly as given: names and values alternate. */
async function send(method: string, path: string, headers: string[] = [], body?: string | Buffer) {
  const length = body === undefined ? [] : ['content-length', String(Buffer.byteLength(body))];
  const sent = request({
    port,
    host: '127.0.0.1',
    method,
    path,
    headers: ['host', `localhost:${port}`, ...length, ...headers] as never,
  });
  sent.end(body);
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  return { status: response.statusCode, headers: response.headers, body: await text(response) };
}
const JSON_TYPE = ['Content-Type', 'application/json'];

describe('events', () => {
  it('an event has payload format 2.0', async () => {
    const headers = [
      ...JSON_TYPE,
      'App_Id',
      'x',
      'X-Twice',
      '1',
      'x-twice',
      '2',
      'Cookie',
      'a=1; b=2',
      'User-Agent',
      'test',
    ];
    await send('POST', '/a?q=1&q=%C3%BC&r=&s=a+b', headers, '{"ü":1}');
    const [event] = events;
    expect(event).toEqual({
      version: '2.0',
      routeKey: 'POST /a',
      rawPath: '/a',
      rawQueryString: 'q=1&q=%C3%BC&r=&s=a+b',
      cookies: ['a=1', 'b=2'],
      headers: {
        host: `localhost:${port}`,
        'content-type': 'application/json',
        'content-length': '8',
        app_id: 'x',
        'x-twice': '1,2',
        'user-agent': 'test',
        'x-amzn-trace-id': expect.stringMatching(/^Root=1-[0-9a-f]{8}-[0-9a-f]{24}$/),
        'x-forwarded-for': '127.0.0.1',
        'x-forwarded-port': String(port),
        'x-forwarded-proto': 'http',
      },
      queryStringParameters: { q: '1,ü', r: '', s: 'a b' },
      requestContext: {
        accountId: '000000000000',
        apiId: 'api',
        domainName: 'localhost',
        domainPrefix: 'localhost',
        http: { method: 'POST', path: '/a', protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: 'test' },
        requestId: expect.stringMatching(/^[\w+/]{16}$/),
        routeKey: 'POST /a',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.closeTo(Date.now(), -4),
      },
      body: '{"ü":1}',
      isBase64Encoded: false,
    });
  });

  it('an event has no body, query or cookies if the request has none', async () => {
    await send('GET', '/a');
    expect(events[0]).not.toHaveProperty('body');
    expect(events[0]).not.toHaveProperty('queryStringParameters');
    expect(events[0]).not.toHaveProperty('cookies');
    expect(events[0].isBase64Encoded).toBe(false);
  });

  it.each([
    ['application/json', false],
    ['application/json; charset=utf-8', false],
    ['text/plain', false],
    ['application/xml', false],
    ['application/x-www-form-urlencoded', true],
    ['application/problem+json', true],
    ['application/octet-stream', true],
    [undefined, true],
  ])('whether an event carries a body of type %s in base64: %s', async (type, base64) => {
    await send('POST', '/a', type ? ['content-type', type] : [], 'body');
    expect(events[0].isBase64Encoded).toBe(base64);
    expect(events[0].body).toBe(base64 ? 'Ym9keQ==' : 'body');
  });

  it('an event has the path parameters', async () => {
    await send('GET', '/items/7/x/y');
    expect(events[0].pathParameters).toEqual({ id: '7', part: 'x/y' });
  });
});

describe('responses', () => {
  const answering = (payload: Json) => {
    reply = async () => ({ ok: true, payload });
    return send('GET', '/a');
  };
  it('a response has the status, headers and cookies of the result', async () => {
    const result = await answering({ statusCode: 201, headers: { 'X-Own': 'v' }, cookies: ['a=1', 'b=2'], body: 'ü' });
    expect(result).toMatchObject({ status: 201, body: 'ü', headers: { 'x-own': 'v', 'set-cookie': ['a=1', 'b=2'] } });
    expect(result.headers['content-type']).toBe('text/plain;charset=UTF-8');
    expect(result.headers['apigw-requestid']).toMatch(/^[\w+/]{16}$/);
  });
  it('a result in base64 is decoded', async () =>
    expect(await answering({ statusCode: 200, body: 'Ym9keQ==', isBase64Encoded: true })).toMatchObject({
      body: 'body',
    }));
  it.each([
    [{ a: 1 }, '{"a":1}'],
    ['text', 'text'],
    [[1], '[1]'],
    [null, 'null'],
  ])('a result without a status is the body of a success: %j', async (payload, body) => {
    expect(await answering(payload)).toMatchObject({
      status: 200,
      body,
      headers: { 'content-type': 'application/json' },
    });
  });
  it.each([
    [{ statusCode: 'x' }],
    [{ statusCode: 99 }],
    [{ statusCode: 200, body: {} }],
    [{ statusCode: 200, headers: { 'a b': '1' } }],
  ])('a result that is no response is answered 500: %j', async (payload) => {
    expect(await answering(payload)).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
  });
  it('a call whose function fails is answered 500', async () => {
    reply = async () => ({ ok: false, errorType: 'Error', errorMessage: 'secret' });
    expect(await send('GET', '/a')).toMatchObject({ status: 500, body: '{"message":"Internal Server Error"}' });
  });
  it('a call that takes longer than the timeout of the integration is answered 503', async () => {
    reply = () => new Promise(() => {});
    expect(await send('GET', '/a')).toMatchObject({ status: 503, body: '{"message":"Service Unavailable"}' });
  });
});

describe('the gateway itself', () => {
  it.each([
    ['GET', '/nope'],
    ['PUT', '/a'],
    ['GET', '/A'],
    ['GET', '/a/'],
    ['HEAD', '/a'],
  ])('a request without a route is answered 404: %s %s', async (method, path) => {
    const { status, body } = await send(method, path);
    expect([status, body]).toEqual([404, method === 'HEAD' ? '' : '{"message":"Not Found"}']);
    expect(events).toEqual([]);
  });
  it('a route without the permission to call its function answers 500', async () => {
    expect((await send('GET', '/forbidden')).status).toBe(500);
    expect(events).toEqual([]);
  });
  it('each route has a throttle of its own', async () => {
    const answers = [];
    for (let i = 0; i < 3; i++) answers.push((await send('GET', '/limited')).status);
    expect(answers).toEqual([200, 200, 429]);
    expect((await send('GET', '/a')).status).toBe(200);
  });
  it('bodies over 10 MB, and bodies whose event exceeds 6 MB, are answered 413', async () => {
    reply = async () => ({ ok: true, payload: 'ok' });
    const five = Buffer.alloc(5 * 1024 * 1024, 'a');
    expect((await send('POST', '/a', JSON_TYPE, five)).status).toBe(200);
    // In base64 the same body makes a third more.
    expect((await send('POST', '/a', [], five)).status).toBe(413);
    const eleven = await send('POST', '/a', JSON_TYPE, Buffer.alloc(11 * 1024 * 1024, 'a'));
    expect(eleven).toMatchObject({ status: 413, body: '{"message":"Request Entity Too Large"}' });
  });
  it('headers over 10 KB are answered 431', async () =>
    expect((await send('GET', '/a', ['x-large', 'a'.repeat(11_000)])).status).toBe(431));
  it('the gateway goes on after a client disconnects during its request', async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('POST /a HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf');
    await once(socket, 'connect');
    socket.destroy();
    expect((await send('GET', '/a')).status).toBe(200);
  });
  it('each answer has an entry in the access log', async () => {
    await send('GET', '/nope?token=secret');
    await send('GET', '/a');
    expect(accesses).toMatchObject([
      { method: 'GET', path: '/nope', status: 404, routeKey: undefined },
      { method: 'GET', path: '/a', status: 200, routeKey: 'GET /a' },
    ]);
  });
});

describe('CORS', () => {
  const preflight = ['origin', 'https://app.example', 'access-control-request-method', 'POST'];
  it('the gateway answers preflights of any path without a function', async () => {
    for (const path of ['/a', '/nope']) {
      const { status, headers } = await send('OPTIONS', path, preflight);
      expect(status).toBe(204);
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET,POST',
        'access-control-allow-headers': 'app_id,content-type',
        'access-control-max-age': '600',
      });
    }
    expect(events).toEqual([]);
  });
  it('every answer has the CORS headers of the API, which replace those of the function', async () => {
    reply = async () => ({
      ok: true,
      payload: { statusCode: 200, headers: { 'Access-Control-Allow-Origin': 'https://own' } },
    });
    for (const path of ['/a', '/nope']) {
      const { headers } = await send('GET', path, ['origin', 'https://app.example']);
      expect(headers).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-expose-headers': 'retry-after',
      });
    }
    expect((await send('GET', '/a')).headers).not.toHaveProperty('access-control-allow-origin');
  });
});

describe('routes', () => {
  it('the most specific route serves a request', () => {
    const find = createRouter(
      ['$default', 'ANY /{all+}', 'GET /x/{id}', 'ANY /x/{id}', 'ANY /x/y', 'GET /x/y'].map((key) => route(key)),
    );
    const keyOf = (method: string, path: string) => find(method, path)?.route.key;
    expect(keyOf('GET', '/x/y')).toBe('GET /x/y');
    expect(keyOf('PUT', '/x/y')).toBe('ANY /x/y');
    expect(keyOf('GET', '/x/1')).toBe('GET /x/{id}');
    expect(keyOf('PUT', '/x/1')).toBe('ANY /x/{id}');
    expect(keyOf('GET', '/other/z')).toBe('ANY /{all+}');
    expect(keyOf('GET', '/')).toBe('$default');
  });
});
