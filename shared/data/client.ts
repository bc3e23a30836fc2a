import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from 'node:http';
import { Agent as HttpsAgent, request as requestHttps } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { urlToHttpOptions } from 'node:url';
import type {
  BatchGetCommandInput,
  BatchGetCommandOutput,
  DeleteCommandInput,
  DeleteCommandOutput,
  PutCommandInput,
  PutCommandOutput,
  QueryCommandInput,
  QueryCommandOutput,
  TransactWriteCommandInput,
  TransactWriteCommandOutput,
  UpdateCommandInput,
  UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { hostOfService, signedHeaders, variable } from '../aws-signing.ts';
import { TABLE_NAME } from '../environment.ts';
import { deafConnection, isRehearsal } from '../priming.ts';

/** What a request may take beside its input. */
interface Options {
  abortSignal?: AbortSignal;
}
type Answer<Output> = Promise<Omit<Output, '$metadata'>>;

/**
 * What functions ask of DynamoDB: that part of the SDK's `DynamoDBDocument` (`@aws-sdk/lib-dynamodb`), which operators
 * and tests pass in its place.
 */
export interface DocumentClient {
  batchGet(input: BatchGetCommandInput, options?: Options): Answer<BatchGetCommandOutput>;
  query(input: QueryCommandInput, options?: Options): Answer<QueryCommandOutput>;
  put(input: PutCommandInput, options?: Options): Answer<PutCommandOutput>;
  update(input: UpdateCommandInput, options?: Options): Answer<UpdateCommandOutput>;
  delete(input: DeleteCommandInput, options?: Options): Answer<DeleteCommandOutput>;
  transactWrite(input: TransactWriteCommandInput, options?: Options): Answer<TransactWriteCommandOutput>;
}

/** A request as it is sent, and its answer. */
export interface Outgoing {
  headers: Record<string, string>;
  body: string;
}
export interface Incoming {
  statusCode: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** Connections are kept for later requests; so many may be open. */
const CONNECTION = { keepAlive: true, noDelay: true, maxSockets: 50 };

/**
 * DynamoDB's protocol, AWS JSON 1.0 over HTTP: the body of a request is its input as JSON, the body of an answer its
 * output, and a fault's name stands in `__type`. The SDK's client takes half of a cold start, and most of it is for other
 * services and environments (docs/decisions/0076). It sends each request once: `Requests` and `Database` ask again, by
 * their own rules, since they know the call's deadline and which write may have been done.
 */
export class DynamoDb implements DocumentClient {
  readonly #url: URL;
  readonly #agent: HttpAgent;
  /** For rehearsals, which reach nobody and run what a call runs all the same. */
  readonly #deaf: HttpAgent;

  constructor(endpoint = process.env.AWS_ENDPOINT_URL_DYNAMODB) {
    this.#url = new URL(endpoint || `https://${hostOfService('dynamodb')}`);
    const Agent = this.#url.protocol === 'https:' ? HttpsAgent : HttpAgent;
    this.#agent = new Agent(CONNECTION);
    this.#deaf = Object.assign(new Agent(CONNECTION), { createConnection: deafConnection });
  }

  batchGet = (input: object, options?: Options) => this.send('BatchGetItem', input, options);
  query = (input: object, options?: Options) => this.send('Query', input, options);
  put = (input: object, options?: Options) => this.send('PutItem', input, options);
  update = (input: object, options?: Options) => this.send('UpdateItem', input, options);
  delete = (input: object, options?: Options) => this.send('DeleteItem', input, options);
  transactWrite = (input: object, options?: Options) => this.send('TransactWriteItems', input, options);

  /**
   * Opens a connection, which the first request gets even while it opens. A fault of it is that request's to find.
   * @returns when it is open, or has failed
   */
  connect(): Promise<void> {
    const { protocol, hostname, port } = urlToHttpOptions(this.#url);
    const host = hostname ?? '';
    const agent = this.#agent;
    const connect = agent.createConnection.bind(agent);
    const to = { ...CONNECTION, host, port: Number(port || (protocol === 'https:' ? 443 : 80)) };
    const socket = connect({ ...to, ...(!isIP(host) && { servername: host }) }) as Socket;
    socket.on('error', () => {});
    agent.createConnection = (...given) => {
      agent.createConnection = connect;
      return socket.destroyed || socket.readableEnded ? connect(...given) : socket.ref();
    };
    return new Promise((done) => {
      const opened = () => {
        // It keeps no process alive that does nothing else.
        if (agent.createConnection !== connect) socket.unref();
        done();
      };
      socket.once(protocol === 'https:' ? 'secureConnect' : 'connect', opened).once('close', opened);
    });
  }

  /** @throws an error with the fault's name, message and fields (`Item`, `CancellationReasons`), or Node's */
  async send(operation: string, input: object, { abortSignal }: Options = {}): Promise<object> {
    const body = JSON.stringify(marshalled(input));
    const headers = signedHeaders('dynamodb', {
      method: 'POST',
      host: this.#url.host,
      path: '/',
      headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': `DynamoDB_20120810.${operation}` },
      body,
    });
    const answer = await this.exchange({ headers, body }, abortSignal);
    const output = parsed(answer.body);
    if (answer.statusCode < 300 && output) return unmarshalled(output);
    throw failure(answer, output);
  }

  /** Sends a request and receives its answer as a whole. */
  exchange({ headers, body }: Outgoing, signal?: AbortSignal): Promise<Incoming> {
    const request = this.#url.protocol === 'https:' ? requestHttps : requestHttp;
    const agent = isRehearsal() ? this.#deaf : this.#agent;
    return new Promise((resolve, reject) => {
      const failed = (error: Error) =>
        reject(signal?.aborted ? new DOMException('no answer in time', 'AbortError') : error);
      const received = (response: IncomingMessage) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const { statusCode = 0, headers } = response;
          resolve({ statusCode, headers, body: Buffer.concat(chunks).toString() });
        });
        response.on('error', failed);
      };
      request(this.#url, { method: 'POST', headers, signal, agent }, received).on('error', failed).end(body);
    });
  }
}

let client: DynamoDb | undefined;

/** One client an instance, made on first use so that a bundle can be loaded without an environment. */
export const documentClient = (): DynamoDb => (client ??= new DynamoDb());

/** Name of the table that this function was deployed with. */
export const tableName = (): string => variable(TABLE_NAME);

/** Fields that hold an item, a part of one, or values by name. */
const ITEMS = new Set([
  'Item',
  'Key',
  'ExpressionAttributeValues',
  'ExclusiveStartKey',
  'LastEvaluatedKey',
  'Attributes',
  'ItemCollectionKey',
]);
/** Fields that hold a list of items. */
const LISTS = new Set(['Keys', 'Items']);

/** An input or output, in which each item has another form. */
function converted(value: unknown, convert: (item: Fields) => Fields): unknown {
  if (Array.isArray(value)) return value.map((part) => converted(part, convert));
  if (typeof value !== 'object' || value === null) return value;
  const parts = Object.entries(value).map(([name, part]) => {
    if (part === undefined) return [name, part];
    if (ITEMS.has(name)) return [name, convert(part)];
    if (LISTS.has(name)) return [name, part.map(convert)];
    if (name !== 'Responses') return [name, converted(part, convert)];
    return [
      name,
      Object.fromEntries(Object.entries(part).map(([table, items]) => [table, (items as Fields[]).map(convert)])),
    ];
  });
  return Object.fromEntries(parts);
}

// biome-ignore lint/suspicious/noExplicitAny: attributes of items, in the form of the SDK or of the wire
type Fields = Record<string, any>;

const marshalled = (input: object) => converted(input, (item) => marshall(item, { removeUndefinedValues: true }));
const unmarshalled = (output: object) => converted(output, (item) => unmarshall(item)) as object;

interface Fault {
  __type?: string;
  message?: string;
  Message?: string;
}

/** The error that an answer tells. Items in it stay as the wire has them, as in the SDK's errors. */
function failure({ statusCode, headers }: Incoming, output: object | undefined): Error {
  const { __type = '', message, Message, ...fields } = (output ?? {}) as Fault;
  // `com.amazonaws.dynamodb.v20120810#ConditionalCheckFailedException`
  return Object.assign(new Error(message ?? Message ?? `status ${statusCode}`), fields, {
    name: __type.slice(__type.indexOf('#') + 1) || 'UnknownError',
    // What is not JSON comes from something before the database (a proxy, a balancer), or is not whole.
    $fault: statusCode < 500 && output ? 'client' : 'server',
    $metadata: { httpStatusCode: statusCode, requestId: headers['x-amzn-requestid'] },
  });
}

/** Undefined where it is not JSON. */
function parsed(text: string): object | undefined {
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
  }
}
