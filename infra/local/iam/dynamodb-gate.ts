/**
 * A proxy between functions and DynamoDB Local, which checks no permissions. It finds the caller and the permissions of
 * each call, and forwards the call or refuses it as DynamoDB does.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/api-permissions-reference.html
 */
import { randomUUID } from 'node:crypto';
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { localArn } from '../aws.ts';
import { callerOf } from '../credentials.ts';
import { closeServer, listen } from '../listen.ts';
import type { FindCredentials } from '../s3/signature.ts';
import type { Json } from '../template.ts';
import type { Authorizer } from './authorizer.ts';
import type { Permission } from './policy.ts';

export interface GateOptions {
  /** DynamoDB Local. */
  endpoint: string;
  credentials: FindCredentials;
  /** See `Authorizer`. */
  refusal: Authorizer['refusal'];
  /** Receives how long (ms) DynamoDB Local took for each call, by the access key of its caller. */
  onPassed?(accessKeyId: string, took: number): void;
}

export interface DynamoDbGate {
  endpoint: string;
  close(): Promise<void>;
}

/** Starts the gate on a free port of this machine. */
export async function startDynamoDbGate({
  endpoint,
  credentials,
  refusal,
  onPassed,
}: GateOptions): Promise<DynamoDbGate> {
  const agent = new Agent({ keepAlive: true });
  const { hostname, port } = new URL(endpoint);

  const pass = (incoming: IncomingMessage, response: ServerResponse, body: Buffer, key: string) => {
    const { method, url: path, headers } = incoming;
    const started = performance.now();
    const onward = request({ agent, hostname, port, method, path, headers }, (answer) => {
      response.writeHead(answer.statusCode!, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
      if (onPassed) answer.on('end', () => onPassed(key, performance.now() - started));
    });
    // Closes the connection as the server did. The SDK handles that.
    onward.on('error', () => response.destroy());
    response.on('close', () => response.writableFinished || onward.destroy());
    onward.end(body);
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse) => {
    const body = await buffer(incoming);
    const { 'x-amz-target': target = '' } = incoming.headers;
    const key = callerOf(incoming.headers, credentials);
    if (key === undefined) {
      return refuse(response, 'UnrecognizedClientException', 'The security token included in the request is invalid.');
    }
    const operation = /^DynamoDB_20120810\.(\w+)$/.exec(String(target))?.[1] ?? '';
    const needed = permissionsOf(operation, JSON.parse(body.toString()));
    if (!needed) {
      const message = `The laptop stack does not know which permissions ${target} needs.`;
      return refuse(response, 'UnknownOperationException', message);
    }
    const said = refusal(key, needed);
    if (said) return refuse(response, 'AccessDeniedException', said);
    pass(incoming, response, body, key);
  };

  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error) => {
      // The body is no JSON, or not of this operation.
      if (!incoming.errored && !response.headersSent) refuse(response, 'SerializationException', String(error));
      else response.destroy();
    });
  });
  return {
    endpoint: await listen(server),
    async close() {
      const closed = closeServer(server);
      agent.destroy();
      await closed;
    },
  };
}

/** Actions of the items of a transaction. The transaction itself needs none. */
const TRANSACT_ACTIONS: Record<string, string> = {
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
  Delete: 'DeleteItem',
  ConditionCheck: 'ConditionCheckItem',
};

/** The permissions that DynamoDB requires for an operation, undefined if the operation is unknown here. */
export function permissionsOf(operation: string, input: Json): Permission[] | undefined {
  const on = (action: string, table: string, index?: string): Permission => {
    // A request may name the table by its ARN.
    const arn = table.startsWith('arn:') ? table : localArn('dynamodb', `table/${table}`);
    return { action: `dynamodb:${action}`, resource: index === undefined ? arn : `${arn}/index/${index}` };
  };
  switch (operation) {
    case 'GetItem':
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
    case 'DescribeTable':
      return [on(operation, input.TableName)];
    case 'Query':
    case 'Scan':
      return [on(operation, input.TableName, input.IndexName)];
    case 'BatchGetItem':
    case 'BatchWriteItem':
      return Object.keys(input.RequestItems).map((table) => on(operation, table));
    case 'TransactGetItems':
    case 'TransactWriteItems': {
      const items: [string, Json][] = input.TransactItems.flatMap((item: Json) => Object.entries<Json>(item));
      const needed = items.map(([kind, { TableName }]) => on(TRANSACT_ACTIONS[kind]!, TableName));
      return [...new Map(needed.map((permission) => [Object.values(permission).join(), permission])).values()];
    }
    default:
      return undefined;
  }
}

function refuse(response: ServerResponse, code: string, message: string) {
  response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0', 'x-amzn-requestid': randomUUID() });
  response.end(JSON.stringify({ __type: `com.amazon.coral.service#${code}`, Message: message }));
}
