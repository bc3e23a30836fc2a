import type { Readable } from 'node:stream';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

/** A request as the SDK's middleware passes it on. */
interface HttpRequest {
  method: string;
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  query: Record<string, string>;
  headers: Record<string, string>;
  body: string;
}

interface HttpResponse {
  statusCode: number;
  headers: Record<string, string>;
  body: Readable;
}

type Endpoint = Pick<HttpRequest, 'protocol' | 'hostname' | 'path'> & { port?: number };

/**
 * DynamoDB's protocol, AWS JSON 1.0, for items without binary attributes: the body of a request is its input as JSON,
 * the body of an answer its output, a fault's name stands in `__type`. The SDK's own, which works for every service,
 * walks a schema for every value: it is a quarter of a bundle and half of a warm call's time.
 */
class DynamoDbJson {
  async serializeRequest(
    operation: { name: string },
    input: object,
    context: { endpoint(): Promise<Endpoint> },
  ): Promise<HttpRequest> {
    const { protocol, hostname, port, path } = await context.endpoint();
    return {
      method: 'POST',
      protocol,
      hostname,
      ...(port !== undefined && { port }),
      path,
      query: {},
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation.name}` },
      body: JSON.stringify(input),
    };
  }

  /** @throws an error with the fault's name, message and fields (`Item`, `CancellationReasons`) */
  async deserializeResponse(_operation: unknown, _context: unknown, response: HttpResponse): Promise<object> {
    const { statusCode, headers } = response;
    const answer = parsed(await textOf(response.body));
    const $metadata = { httpStatusCode: statusCode, requestId: headers['x-amzn-requestid'] };
    if (statusCode < 300 && answer) return { ...answer, $metadata };
    const { __type = '', message, Message, ...fields } = (answer ?? {}) as Fault;
    // `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`
    throw Object.assign(new Error(message ?? Message ?? `status ${statusCode}`), fields, {
      name: __type.slice(__type.indexOf('#') + 1) || 'UnknownError',
      // What is not JSON comes from something before the database (a proxy, a balancer), or is not whole.
      $fault: statusCode < 500 && answer ? 'client' : 'server',
      $metadata,
    });
  }

  getShapeId = () => 'aws.protocols#awsJson1_0';
  setSerdeContext() {}
}

const textOf = (body: Readable): Promise<string> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    body.on('data', (chunk) => chunks.push(chunk));
    body.on('end', () => resolve(Buffer.concat(chunks).toString()));
    body.on('error', reject);
  });

interface Fault {
  __type?: string;
  message?: string;
  Message?: string;
}

/** Undefined where it is not JSON. */
function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}

/** In the form that the client's configuration takes. */
export const protocol = DynamoDbJson as unknown as NonNullable<DynamoDBClientConfig['protocol']>;
