import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import type * as z from 'zod/mini';
import { Call } from '../call/call.ts';
import { requestHash } from '../call/idempotency.ts';
import { Beside } from '../call/page.ts';
import { Redirect } from '../call/redirect.ts';
import { documentClient } from '../data/client.ts';
import { untilAnswered } from '../deadline.ts';
import { ApiError, badParameter, TooLarge, TooManyCalls, Unavailable } from '../errors.ts';
import { isRehearsal, prime } from '../priming.ts';
import type { Contract } from '../routes/operation.ts';
import { clock, logCall } from './log.ts';
import { parameterError, parametersOf } from './request.ts';
import { countCall } from './statistics.ts';

/** An event as the wrapper understands it; it takes the event's place in Middy's request. */
interface Invocation {
  call: Call;
  input: unknown;
  started: number;
  requestId: string;
  /** Id of the request at the gateway, which the answer has as its header `apigw-requestid`. */
  gatewayId: string;
  /** Further headers of the answer. */
  headers: Record<string, string>;
}

/** Code of every fault of the service. */
const SERVICE_FAULT = 20000;
/** Seconds after which a caller may try again. */
const RETRY_AFTER = '1';
/** Protocols of others let callers name their requests so, and find the name in the answer. */
const REQUEST_ID = 'x-request-id';
/** Milliseconds of a function's time that are kept for the answer, since a large one takes time to write as JSON. */
const ANSWER = 300;

/** At the deadline the call ends with 503, and `untilAnswered` stops its requests. */
const deadline = {
  timeoutEarlyInMillis: ANSWER,
  timeoutEarlyResponse: () => {
    throw new Unavailable('the call has no time left');
  },
};

/**
 * The Lambda handler of an operation. Only this file knows events, headers, envelope, error replies and log lines
 * (docs/decisions/0063-middy-runs-the-handler.md). `run` gets input that fits the request schema. It verifies the caller
 * when it opens the call, together with its reads.
 */
export function operation<S extends z.ZodMiniType>(
  contract: Contract<S>,
  run: (call: Call, input: z.output<S>) => Promise<unknown>,
) {
  const schema = contract.request();
  const handler = middy(deadline)
    .use<middy.MiddlewareObj>({
      before: (request) => {
        request.event = invocation(contract, schema, request.event as APIGatewayProxyEventV2, request.context);
      },
      after: async (request) => {
        const { call, headers } = request.event as Invocation;
        call.actor; // Throws where the operation has not opened its call: it must not answer unverified callers.
        const response = contract.bare ? reply(200, request.response, headers) : success(request.response);
        request.response = response;
        await count(request.event as Invocation, response, { code: 200 });
        logCall(request.event as Invocation, { status: response.statusCode, code: 200 });
      },
      onError: async (request) => {
        const { headers } = request.event as Invocation;
        const { response, code } = failure(request.error as Error, contract.bare, headers);
        request.response = response;
        // A call that is unavailable may have no time left.
        const insist = !(request.error instanceof Unavailable);
        await count(request.event as Invocation, response, { code, insist });
        const fault = code === SERVICE_FAULT && { fault: request.error as Error };
        logCall(request.event as Invocation, { status: response.statusCode, code, ...fault });
      },
    })
    .handler(
      (event: unknown, _: unknown, { signal }: { signal: AbortSignal }) =>
        untilAnswered(signal, async () => {
          const { call, input } = event as Invocation;
          try {
            if (!(input instanceof ApiError)) return await run(call, input as z.output<S>);
            if (input instanceof TooLarge) throw input;
            // Errors of app, token and actor come before those of parameters.
            await call.open([]);
            throw input;
          } finally {
            await call.touched();
          }
        }),
      // Middy types what the handler gets as what Lambda gives; `before` puts an Invocation in its place.
    ) as unknown as (event: APIGatewayProxyEventV2, context: Context) => Promise<APIGatewayProxyStructuredResultV2>;
  // A function of several operations needs it once: they share all that it runs.
  if (!primed)
    prime(
      () => documentClient().connect(),
      () => handler(REHEARSAL, REHEARSED as Context),
    );
  primed = true;
  return handler;
}

let primed = false;

/** A call of an app that does not exist. So it ends as soon as it has asked the database, which is nobody then. */
const REHEARSAL = {
  headers: {
    app_id: '-',
    'access-token': `a1.${'-'.repeat(43)}.${'-'.repeat(22)}`,
    'content-type': 'application/json',
  },
  rawQueryString: '-=-',
  body: '{"-":"-"}',
  requestContext: { requestId: '-', domainName: '-', http: { sourceIp: '192.0.2.0' } },
} as unknown as APIGatewayProxyEventV2;
const REHEARSED = { awsRequestId: '-', getRemainingTimeInMillis: () => 1000 };

function invocation(
  contract: Contract,
  schema: z.ZodMiniType,
  event: APIGatewayProxyEventV2,
  context: Context,
): Invocation {
  const { headers } = event;
  const query = new URLSearchParams(contract.queryCredentials ? event.rawQueryString : '');
  const credential = (name: string) => headers[name] ?? query.get(name) ?? undefined;
  const call = new Call(
    contract,
    { app: credential('app_id'), token: credential('access-token'), user: headers.user_id, group: headers.group_id },
    {
      userAgent: headers['user-agent'] ?? '',
      idempotency: contract.idempotent ? idempotencyOf(event) : undefined,
      origin: originOf(event),
      cause: event.requestContext.requestId,
      address: event.requestContext.http.sourceIp,
    },
  );
  return {
    call,
    input: inputOf(contract, schema, event, call),
    started: clock(),
    requestId: context.awsRequestId,
    gatewayId: event.requestContext.requestId,
    headers: contract.bare && headers[REQUEST_ID] ? { [REQUEST_ID]: headers[REQUEST_ID] } : {},
  };
}

/** Scheme, host and port by which the caller reached this API: the address of a stage, or a custom domain. */
function originOf({ headers, requestContext: { domainName } }: APIGatewayProxyEventV2): string {
  const scheme = headers['x-forwarded-proto'] === 'http' ? 'http' : 'https';
  const port = headers['x-forwarded-port'] ?? '443';
  return `${scheme}://${domainName}${port === (scheme === 'http' ? '80' : '443') ? '' : `:${port}`}`;
}

function idempotencyOf({ headers, body, rawQueryString }: APIGatewayProxyEventV2) {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  return { key, request: requestHash(body, rawQueryString, headers.user_id, headers.group_id) };
}

function inputOf(contract: Contract, schema: z.ZodMiniType, event: APIGatewayProxyEventV2, call: Call) {
  const given = parametersOf(event, contract);
  if (given instanceof ApiError) return given;
  const group = call.headerGroup;
  const name = contract.groupParameter ?? 'group_id';
  const parsed = schema.safeParse(group === undefined ? given : { [name]: group, ...given });
  if (!parsed.success) return parameterError(parsed.error, given);
  const named = (parsed.data as { [name: string]: unknown })[name];
  if (group !== undefined && named !== undefined && named !== group)
    return badParameter(name, 'differs from the header');
  return parsed.data;
}

function success(answer: unknown) {
  if (answer instanceof Redirect)
    return reply(302, { code: 200, data: { url: answer.url }, message: null }, { location: answer.url });
  if (answer instanceof Beside) return reply(200, { code: 200, data: answer.data, ...answer.fields, message: null });
  return reply(200, { code: 200, data: answer, message: null });
}

function failure(error: Error, bare: Contract['bare'], more: Record<string, string>) {
  const known = error instanceof ApiError;
  const busy = error instanceof Unavailable;
  const code = known ? error.code : SERVICE_FAULT;
  const status = known ? (error instanceof TooLarge ? 413 : 200) : busy ? 503 : 500;
  const message = known ? error.message : busy ? 'the service is busy, try again' : 'the service failed';
  const body = { code, message, data: null, ...(known && error.fields) };
  const shown = bare ? bare({ name: error.name, status, message }) : { status, body };
  const after = error instanceof TooManyCalls ? String(error.retryAfter) : busy && RETRY_AFTER;
  return {
    code,
    response: reply(shown.status, shown.body, { ...(after && { 'retry-after': after }), ...more }),
  };
}

/** Counts the call: for the limits of its caller, and for the app's overview. Most calls write neither. */
async function count(
  { call, started }: Invocation,
  { body }: { body: string },
  { code, insist = true }: { code: number; insist?: boolean },
): Promise<void> {
  if (isRehearsal()) return;
  const ms = clock() - started;
  const ofCaller = { ms, bytes: Buffer.byteLength(body), refused: code !== 200 && code !== SERVICE_FAULT };
  await Promise.all([call.count(ofCaller, insist), countCall(call, code, ms)]);
}

/** docs/security.md gives the reason for each of these headers. */
const reply = (statusCode: number, body: unknown, headers: Record<string, string> = {}) => ({
  statusCode,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': 'max-age=31536000',
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    ...headers,
  },
  body: JSON.stringify(body),
});
