/** A server for AWS's JSON protocols: it finds the caller and the operation, and writes answers and errors. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { callerOf } from './credentials.ts';
import type { Authorizer } from './iam/authorizer.ts';
import type { FindCredentials } from './s3/signature.ts';
import type { Json } from './template.ts';

/** An error that the caller of a service gets. */
export class AwsError extends Error {
  /** As in `__type`, with its namespace. */
  readonly type: string;
  /** Of the older query protocol, by which SQS's clients still name its errors. */
  readonly queryCode: string | undefined;
  readonly status: number;

  constructor(type: string, message: string, queryCode?: string, status = 400) {
    super(message);
    this.type = type;
    this.queryCode = queryCode;
    this.status = status;
  }
}

export interface JsonCall {
  operation: string;
  input: Json;
  accessKeyId: string;
  /** @throws AwsError unless the caller may do this */
  authorize(action: string, resource: string): void;
  /** Aborts when the caller no longer waits for the answer. */
  signal: AbortSignal;
}

/** Answers a call with the output of its operation, if it has one. @throws AwsError */
export type JsonService = (call: JsonCall) => Json | Promise<Json>;

interface JsonServerOptions {
  credentials: FindCredentials;
  /** See `Authorizer`. Without it every key may do everything. */
  refusal?: Authorizer['refusal'] | undefined;
  /** By the first part of `X-Amz-Target`; `Lambda` by its path. */
  services: Record<string, JsonService>;
}

/** An HTTP server that answers 503 until `serve` is called. The caller makes it listen. */
export function createJsonServer(): { server: Server; serve(options: JsonServerOptions): void } {
  let options: JsonServerOptions | undefined;
  const server = createServer((incoming, response) => {
    handle(incoming, response, options).catch((error) => {
      // A client that disconnects during its request is no error of the server.
      if (incoming.errored || response.destroyed) return;
      if (error instanceof AwsError) return refuse(response, error);
      console.error(error);
      refuse(response, new AwsError('com.amazonaws#InternalFailure', String(error), 'InternalFailure', 500));
    });
  });
  return {
    server,
    serve: (given) => {
      options = given;
    },
  };
}

/** https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html */
const INVOKE = /^\/2015-03-31\/functions\/([^/]+)\/invocations$/;

const CORAL = 'com.amazon.coral.service';

async function handle(incoming: IncomingMessage, response: ServerResponse, options: JsonServerOptions | undefined) {
  const body = await buffer(incoming);
  response.setHeader('content-type', incoming.headers['content-type'] ?? 'application/x-amz-json-1.0');
  if (!options) throw new AwsError(`${CORAL}#ServiceUnavailable`, 'The stack is starting.', 'ServiceUnavailable', 503);
  const accessKeyId = callerOf(incoming.headers, options.credentials);
  if (accessKeyId === undefined) {
    const message = 'The security token included in the request is invalid.';
    throw new AwsError(`${CORAL}#UnrecognizedClientException`, message, 'InvalidClientTokenId', 403);
  }
  const target = String(incoming.headers['x-amz-target']);
  const invoked = INVOKE.exec(incoming.url ?? '');
  const [name = '', operation = ''] = invoked ? ['Lambda', 'Invoke'] : target.split('.');
  const service = options.services[name];
  if (!service) throw unknownOperation(target);
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const output = await service({
    operation,
    input: invoked
      ? {
          FunctionName: decodeURIComponent(invoked[1] ?? ''),
          InvocationType: incoming.headers['x-amz-invocation-type'],
          Payload: parse(body),
        }
      : parse(body),
    accessKeyId,
    authorize(action, resource) {
      const refused = options.refusal?.(accessKeyId, [{ action, resource }]);
      const status = name === 'AWSEvents' ? 400 : 403;
      if (refused) throw new AwsError(`${CORAL}#AccessDeniedException`, refused, 'AccessDenied', status);
    },
    signal: gone.signal,
  });
  response.setHeader('x-amzn-requestid', randomUUID());
  if (invoked) response.writeHead(202).end();
  else response.end(JSON.stringify(output ?? {}));
}

function parse(body: Buffer): Json {
  try {
    return JSON.parse(body.toString());
  } catch (error) {
    throw new AwsError(`${CORAL}#SerializationException`, String(error), 'MalformedInput');
  }
}

export const unknownOperation = (name: string): AwsError =>
  new AwsError(`${CORAL}#UnknownOperationException`, `The laptop stack does not know ${name}.`, 'InvalidAction');

function refuse(response: ServerResponse, { type, message, queryCode, status }: AwsError) {
  response.writeHead(status, {
    'x-amzn-requestid': randomUUID(),
    ...(queryCode && { 'x-amzn-query-error': `${queryCode};${status < 500 ? 'Sender' : 'Receiver'}` }),
  });
  response.end(JSON.stringify({ __type: type, message }));
}
