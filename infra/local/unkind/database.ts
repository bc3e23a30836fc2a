/**
 * Stands between functions and DynamoDB Local and does what AWS's DynamoDB does at its worst, where DynamoDB Local is
 * kind: transactions meet each other, answers are lost, requests are throttled. See docs/laptop-stack.md.
 */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request as open, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { Random } from '../random.ts';
import { Capacity, type Images, type Rates, READ_THROTTLED } from './capacity.ts';
import { FAULT_NAMES, FAULTS, type FaultName, isWrite } from './faults.ts';
import {
  type Answer,
  cancelled,
  conflict,
  type Input,
  inProgress,
  itemText,
  keyOf,
  parameterMismatch,
  type Reply,
  type WireItem,
  type WireRequest,
  withUnprocessed,
  writesOf,
} from './wire.ts';

/** How unkind the database is. */
export interface Manners {
  /** How likely (0…1) each fault is for a request that it fits. */
  faults: { [name in FaultName]?: number };
  /** A transaction keeps its items from others for so many milliseconds: at least, at most. */
  hold: readonly [number, number];
  /** How likely an answer comes late, and by how many milliseconds. */
  late: { chance: number; by: readonly [number, number] };
  /** Units a second that each partition key takes; undefined: any number. */
  rates: Rates | undefined;
}

/** AWS on a bad day: about one request in ten goes wrong, or is slower. */
export const UNKIND: Manners = {
  faults: {
    'reset before': 0.01,
    'reset after': 0.015,
    'silence before': 0.001,
    'silence after': 0.002,
    'InternalServerError before': 0.01,
    'InternalServerError after': 0.01,
    'HTML 503 before': 0.005,
    'HTML 503 after': 0.005,
    'truncated JSON': 0.005,
    ThrottlingException: 0.01,
    ProvisionedThroughputExceededException: 0.01,
    TransactionConflictException: 0.02,
    'TransactionConflict at an item': 0.02,
    'ThrottlingError at an item': 0.01,
    'ProvisionedThroughputExceeded at an item': 0.01,
    TransactionInProgressException: 0.01,
    UnprocessedKeys: 0.05,
    'page ends early': 0.1,
  },
  hold: [5, 40],
  late: { chance: 0.02, by: [50, 300] },
  rates: { read: 3000, write: 1000 },
};

/** Nothing but what DynamoDB Local does. */
export const KIND: Manners = { faults: {}, hold: [0, 0], late: { chance: 0, by: [0, 0] }, rates: undefined };

/** One fault for one request: the nth, from 1, that the fault fits and that is a read or write as asked. */
export interface Plan {
  fault: FaultName;
  nth?: number;
  of?: 'read' | 'write';
}

/** What was decided for a request when it arrived. */
interface Luck {
  fault: FaultName | undefined;
  hold: number;
  late: number;
}

/** What has happened so far: faults, and what requests met without one. */
export type Happening = FaultName | 'conflict' | 'token in use' | 'key used up' | 'late';

export class UnkindDatabase {
  /** `http://127.0.0.1:<port>`, once it listens. */
  endpoint = '';
  manners = KIND;
  /** How often each thing has happened since the last `only`, `quiet` or `begin`. */
  counts: { [what in Happening]?: number } = {};
  #random = new Random(0);
  #plan: { fault: FaultName; left: number; of: Plan['of'] } | undefined;
  #capacity: Capacity | undefined;
  /** Items of running transactions, and bodies of those by their tokens. */
  readonly #held = new Set<string>();
  readonly #running = new Map<string, string>();
  readonly #database: URL;
  readonly #agent = new Agent({ keepAlive: true });
  readonly #server = createServer((incoming, response) => {
    this.#serve(incoming, response).catch(() => response.destroy());
  });

  constructor(endpoint: string) {
    this.#database = new URL(endpoint);
  }

  /**
   * Begins anew with these manners. The nth request that arrives has the same luck for the same seed if it is of the
   * same kind; which request is the nth, and what meets what, depends on time.
   */
  begin(seed: number, manners = this.manners): void {
    this.#random = new Random(seed);
    this.manners = manners;
    this.#capacity = manners.rates && new Capacity(manners.rates);
    this.#plan = undefined;
    this.counts = {};
  }

  /** From now on no fault, no conflict, no limit. */
  quiet(): void {
    this.begin(0, KIND);
  }

  /** As `quiet`, but for this one fault; `counts` shows whether it has happened. */
  only({ fault, nth = 1, of }: Plan): void {
    this.quiet();
    this.#plan = { fault, left: nth, of };
  }

  async listen(): Promise<void> {
    // A connection that is closed while its client is about to use it again would be a fault that nobody counts.
    this.#server.keepAliveTimeout = 0;
    this.#server.listen(0, '127.0.0.1').unref();
    await once(this.#server, 'listening');
    const address = this.#server.address();
    this.endpoint = `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
  }

  /** Ends all connections, those that wait for an answer too. */
  async close(): Promise<void> {
    this.#server.close();
    this.#server.closeAllConnections();
    this.#agent.destroy();
    await once(this.#server, 'close');
  }

  #count(what: Happening) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    // What has arrived is done, whether its client waits for the answer or not.
    const reply = await this.#reply(incoming, body);
    if (reply === 'silence') return;
    if (reply === 'reset') return void incoming.socket.resetAndDestroy();
    const length = Buffer.byteLength(reply.body);
    response.writeHead(reply.status, {
      'x-amzn-requestid': randomUUID(),
      ...reply.headers,
      'content-length': length,
    });
    response.end(reply.body);
  }

  async #reply(incoming: IncomingMessage, body: string): Promise<Reply> {
    const operation = String(incoming.headers['x-amz-target']).replace('DynamoDB_20120810.', '');
    const send: Send = (name, input) => this.#forward(incoming, name, JSON.stringify(input));
    if (!OPERATIONS.has(operation)) return this.#forward(incoming, operation, body);
    const request: WireRequest = { operation, input: JSON.parse(body) };
    const luck = this.#luck(request);
    if (luck.late) {
      this.#count('late');
      await sleep(luck.late);
    }
    const perform = (input: Input) =>
      isWrite(request) ? this.#write({ operation, input }, luck.hold, send) : this.#read({ operation, input }, send);
    if (!luck.fault) return perform(request.input);
    this.#count(luck.fault);
    return FAULTS[luck.fault].reply(request, perform);
  }

  /** Decides once and for all, with as many random numbers for every request. */
  #luck(request: WireRequest): Luck {
    const { faults, hold, late } = this.manners;
    let at = this.#random.next();
    const fault = FAULT_NAMES.find((name) => {
      const chance = FAULTS[name].fits(request) ? (faults[name] ?? 0) : 0;
      at -= chance;
      return at < 0 && chance > 0;
    });
    const isLate = this.#random.chance(late.chance);
    const [by, keeps] = [late.by, hold].map(([least, most]) => this.#random.whole(least, most));
    return { fault: this.#planned(request) ?? fault, hold: keeps!, late: isLate ? by! : 0 };
  }

  #planned(request: WireRequest): FaultName | undefined {
    const plan = this.#plan;
    if (!plan || (plan.of && isWrite(request) !== (plan.of === 'write')) || !FAULTS[plan.fault].fits(request))
      return undefined;
    plan.left--;
    return plan.left === 0 ? plan.fault : undefined;
  }

  async #read(request: WireRequest, send: Send): Promise<Answer> {
    const capacity = this.#capacity;
    if (!capacity) return send(request.operation, request.input);
    const { taken, left } = capacity.mayRead(request);
    if (left) this.#count('key used up');
    if (!taken) return READ_THROTTLED;
    const answer = await send(request.operation, taken);
    capacity.countRead({ ...request, input: taken }, answer);
    return left ? withUnprocessed(answer, left) : answer;
  }

  async #write(request: WireRequest, hold: number, send: Send): Promise<Answer> {
    const { ClientRequestToken: token = '', TransactItems } = request.input;
    const body = JSON.stringify(request.input);
    const first = this.#running.get(token);
    if (first) {
      this.#count('token in use');
      return first === body ? inProgress : parameterMismatch;
    }
    const items = writesOf(request).map(({ statement }) => itemText(statement));
    const met = items.map((item) => this.#held.has(item));
    if (met.includes(true)) {
      this.#count('conflict');
      this.#capacity?.countWrite(request);
      return TransactItems ? cancelled(met.map((one) => (one ? 'TransactionConflict' : 'None'))) : conflict;
    }
    if (!TransactItems || hold === 0) return this.#writeNow(request, send);
    for (const item of items) this.#held.add(item);
    if (token) this.#running.set(token, body);
    try {
      await sleep(hold);
      return await this.#writeNow(request, send);
    } finally {
      for (const item of items) this.#held.delete(item);
      this.#running.delete(token);
    }
  }

  async #writeNow(request: WireRequest, send: Send): Promise<Answer> {
    const capacity = this.#capacity;
    if (!capacity) return send(request.operation, request.input);
    const before = await imagesOf(request, send);
    const refusal = capacity.refusalOfWrite(request, before);
    if (refusal) {
      this.#count('key used up');
      return refusal;
    }
    const answer = await send(request.operation, request.input);
    capacity.countWrite(request, before, await imagesOf(request, send));
    return answer;
  }

  /** DynamoDB Local asks for the form of a signature only: the headers will do for another body too. */
  #forward({ headers }: IncomingMessage, operation: string, body: string): Promise<Answer> {
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
}

type Send = (operation: string, input: object) => Promise<Answer>;

const KEPT_HEADERS = ['content-type', 'x-amzn-requestid', 'x-amz-crc32'];

/** Everything else (tables, streams) passes as it is. */
const OPERATIONS = new Set([
  ...['GetItem', 'BatchGetItem', 'Query', 'Scan'],
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'],
]);

/** The items that a write names, as they are now. */
async function imagesOf(request: WireRequest, send: Send): Promise<Images> {
  const statements = writesOf(request).map(({ statement }) => statement);
  const RequestItems = Object.fromEntries(
    [...Map.groupBy(statements, ({ TableName = '' }) => TableName)].map(([table, ofTable]) => [
      table,
      { Keys: ofTable.map(keyOf), ConsistentRead: true },
    ]),
  );
  const { body } = await send('BatchGetItem', { RequestItems });
  const { Responses = {} } = JSON.parse(body) as { Responses?: Record<string, WireItem[]> };
  return new Map(
    Object.entries(Responses).flatMap(([TableName, items]) =>
      items.map((Item) => [itemText({ TableName, Item }), unmarshall(Item)] as const),
    ),
  );
}

/** Starts it on a free port of this machine, before the DynamoDB Local at `endpoint`. */
export async function startUnkindDatabase(
  endpoint: string,
  { seed, manners = UNKIND }: { seed: number; manners?: Manners },
): Promise<UnkindDatabase> {
  const unkind = new UnkindDatabase(endpoint);
  unkind.begin(seed, manners);
  await unkind.listen();
  return unkind;
}
