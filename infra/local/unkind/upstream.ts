import { Agent, type IncomingHttpHeaders, request as open } from 'node:http';
import { text } from 'node:stream/consumers';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Images } from './capacity.ts';
import { type Answer, itemText, keyOf, type Tables, type WireItem, type WireRequest, writesOf } from './wire.ts';

/** Sends an operation to the database. */
export type Send = (operation: string, input: object) => Promise<Answer>;

const KEPT_HEADERS = ['content-type', 'x-amzn-requestid', 'x-amz-crc32'];

/** The DynamoDB Local to which requests are forwarded. */
export class Upstream {
  readonly #database: URL;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(endpoint: string) {
    this.#database = new URL(endpoint);
  }

  /** DynamoDB Local checks only the form of a signature, so the headers of a request serve for another body too. */
  forward(headers: IncomingHttpHeaders, operation: string, body: string): Promise<Answer> {
    const { 'content-length': _, 'transfer-encoding': __, connection: ___, ...kept } = headers;
    const { hostname, port } = this.#database;
    return new Promise((resolve, reject) => {
      const onward = open({
        agent: this.#agent,
        hostname,
        port,
        method: 'POST',
        path: '/',
        headers: { ...kept, 'x-amz-target': `DynamoDB_20120810.${operation}` },
      });
      onward.on('error', reject);
      onward.on('response', (answer) => {
        const pick = KEPT_HEADERS.flatMap((name) => (answer.headers[name] ? [[name, answer.headers[name]]] : []));
        text(answer).then(
          (given) => resolve({ status: answer.statusCode!, headers: Object.fromEntries(pick), body: given }),
          reject,
        );
      });
      onward.end(body);
    });
  }

  close() {
    this.#agent.destroy();
  }
}

/** The items that a write names, as they are now. */
export async function imagesOf(request: WireRequest, send: Send, tables: Tables): Promise<Images> {
  const statements = writesOf(request).map(({ statement }) => statement);
  const RequestItems = Object.fromEntries(
    [...Map.groupBy(statements, ({ TableName = '' }) => TableName)].map(([table, ofTable]) => [
      table,
      { Keys: ofTable.map((statement) => keyOf(statement, tables)), ConsistentRead: true },
    ]),
  );
  const { body } = await send('BatchGetItem', { RequestItems });
  const { Responses = {} } = JSON.parse(body) as { Responses?: Record<string, WireItem[]> };
  return new Map(
    Object.entries(Responses).flatMap(([TableName, items]) =>
      items.map((Item) => [itemText({ TableName, Item }, tables), unmarshall(Item)] as const),
    ),
  );
}
