/**
 * A proxy between functions and DynamoDB Local that adds what AWS's DynamoDB does at its worst: transactions conflict,
 * answers are lost, requests are throttled.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeServer, listen } from '../listen.ts';
import { Random } from '../random.ts';
import { Capacity, READ_THROTTLED } from './capacity.ts';
import { FAULT_NAMES, FAULTS, type FaultName, isWrite } from './faults.ts';
import { KIND, type Manners, UNKIND } from './manners.ts';
import { imagesOf, type Send, Upstream } from './upstream.ts';
import {
  type Answer,
  cancelled,
  conflict,
  type Input,
  inProgress,
  itemText,
  parameterMismatch,
  type Reply,
  type Tables,
  type WireRequest,
  withUnprocessed,
  writesOf,
} from './wire.ts';

/** One fault for one request: for the nth, from 1, that the fault fits; `of` counts only reads or only writes. */
export interface Plan {
  fault: FaultName;
  nth?: number;
  of?: 'read' | 'write';
}

/** What a request meets, decided when it arrives. */
interface Luck {
  fault: FaultName | undefined;
  hold: number;
  late: number;
}

/** What requests met: faults, conflicts, used-up keys, late answers. */
export type Happening = FaultName | 'conflict' | 'token in use' | 'key used up' | 'late';

export class UnkindDatabase {
  /** `http://127.0.0.1:<port>`, after `listen`. */
  endpoint = '';
  manners = KIND;
  /** How often requests met each of them since the last `begin`, `quiet` or `only`. */
  counts: { [what in Happening]?: number } = {};
  #random = new Random(0);
  #plan: { fault: FaultName; left: number; of: Plan['of'] } | undefined;
  #capacity: Capacity | undefined;
  /** Items of running transactions. */
  readonly #held = new Set<string>();
  /** Bodies of running transactions, by token. */
  readonly #running = new Map<string, string>();
  readonly #upstream: Upstream;
  readonly #tables: Tables;
  readonly #server = createServer((incoming, response) => {
    this.#serve(incoming, response).catch(() => response.destroy());
  });

  /** @param endpoint of DynamoDB Local */
  constructor(endpoint: string, tables: Tables) {
    this.#upstream = new Upstream(endpoint);
    this.#tables = tables;
  }

  /**
   * Starts again with these manners. With the same seed, the nth request to arrive meets the same if it is of the same
   * kind. Which request is the nth, and which transactions conflict, depends on time.
   */
  begin(seed: number, manners = this.manners): void {
    this.#random = new Random(seed);
    this.manners = manners;
    this.#capacity = manners.rates && new Capacity(manners.rates, this.#tables);
    this.#plan = undefined;
    this.counts = {};
  }

  /** Adds no fault, conflict or limit from now on. */
  quiet(): void {
    this.begin(0, KIND);
  }

  /** Adds only this one fault from now on. `counts` shows whether a request met it. */
  only({ fault, nth = 1, of }: Plan): void {
    this.quiet();
    this.#plan = { fault, left: nth, of };
  }

  async listen(): Promise<void> {
    this.#server.unref();
    this.endpoint = await listen(this.#server);
  }

  /** Closes all connections, also those that wait for an answer. */
  async close(): Promise<void> {
    const closed = closeServer(this.#server);
    this.#upstream.close();
    await closed;
  }

  #count(what: Happening) {
    this.counts[what] = (this.counts[what] ?? 0) + 1;
  }

  async #serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    // A request that arrived is done, even if its client disconnects.
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
    const send: Send = (name, input) => this.#upstream.forward(incoming.headers, name, JSON.stringify(input));
    if (!OPERATIONS.has(operation)) return this.#upstream.forward(incoming.headers, operation, body);
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

  /** Decides what a request meets. Takes the same number of random numbers for each request. */
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
    const items = writesOf(request).map(({ statement }) => itemText(statement, this.#tables));
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
    const before = await imagesOf(request, send, this.#tables);
    const refusal = capacity.refusalOfWrite(request, before);
    if (refusal) {
      this.#count('key used up');
      return refusal;
    }
    const answer = await send(request.operation, request.input);
    capacity.countWrite(request, before, await imagesOf(request, send, this.#tables));
    return answer;
  }
}

/** All other operations (on tables and streams) are forwarded unchanged. */
const OPERATIONS = new Set([
  ...['GetItem', 'BatchGetItem', 'Query', 'Scan'],
  ...['PutItem', 'UpdateItem', 'DeleteItem', 'TransactWriteItems'],
]);

export interface UnkindOptions {
  seed: number;
  /** Of the tables that the functions use. */
  tables: Tables;
  manners?: Manners;
}

/** Starts the proxy on a free port of this machine. @param endpoint of DynamoDB Local */
export async function startUnkindDatabase(
  endpoint: string,
  { seed, tables, manners = UNKIND }: UnkindOptions,
): Promise<UnkindDatabase> {
  const unkind = new UnkindDatabase(endpoint, tables);
  unkind.begin(seed, manners);
  await unkind.listen();
  return unkind;
}
