import { AsyncLocalStorage } from 'node:async_hooks';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { vi } from 'vitest';
import type { Random } from '../../infra/local/random.ts';
import { FAULT_NAMES, FAULTS, type FaultName, isWrite } from '../../infra/local/unkind/faults.ts';
import {
  type Answer,
  type Batches,
  cancelled,
  conflict,
  divided,
  type Reply,
  type Verb,
  type WireItem,
  type WireRequest,
  withBody,
  withUnprocessed,
  writesOf,
} from '../../infra/local/unkind/wire.ts';
import type { Key } from '../../shared/data/keys.ts';
import { type Item, keyText } from '../../shared/data/read.ts';
import type { Stacked } from '../support/middleware-stack.ts';

/** One part of a transaction, or a write alone, as the document client sends it. */
export interface Statement {
  TableName?: string;
  Key?: Item;
  Item?: Item;
  UpdateExpression?: string;
  ConditionExpression?: string;
  ExpressionAttributeNames?: Record<string, string>;
  ExpressionAttributeValues?: Record<string, unknown>;
}

export interface Input extends Statement {
  TransactItems?: Record<string, Statement>[];
}

export type { Verb };
export type Write = { verb: Verb; statement: Statement; key: Key };

/** A call, an upload, or a run of the background, beside others. */
export interface Task {
  /** How likely (0…1) each of its requests is to go wrong. */
  faults: number;
  /** It died: nothing of it happens any more. */
  dead: boolean;
  /** Others mostly go before it, so that much can happen between its first request and its last. */
  slow: boolean;
  /** The bucket did what it asked for, and the answer was lost. */
  unheard?: boolean;
}

/** A task without faults. */
export const sound = (): Task => ({ faults: 0, dead: false, slow: false });

/** A request of a task that waits to be served: its nth. */
interface Waiting {
  task: Task;
  number: number;
  nth: number;
  /** It keeps items from others meanwhile. */
  holds: boolean;
  serve: () => Promise<void>;
}

/** Sends a request to the database. */
type Send = (input: object) => Promise<Answer>;

/** How likely each fault is beside the others. Conflicts come of themselves. */
const WEIGHTS: { [name in FaultName]?: number } = {
  'reset before': 1,
  'reset after': 3,
  'silence before': 0.5,
  'silence after': 1,
  'InternalServerError before': 0.5,
  'InternalServerError after': 1,
  'HTML 503 before': 0.3,
  'HTML 503 after': 0.5,
  'truncated JSON': 1,
  ThrottlingException: 0.5,
  ProvisionedThroughputExceededException: 0.5,
  'ThrottlingError at an item': 1,
  'ProvisionedThroughputExceeded at an item': 1,
  TransactionInProgressException: 2,
  UnprocessedKeys: 3,
};

/** Milliseconds after which the product gives up a request that is not answered. */
const CLIENT_TIMEOUT = 1500;

/**
 * Runs several calls at once and chooses, by a seed, which of their requests to database and bucket is served next: one
 * at a time, so that a seed gives the same run again, but in any order. It has its own clock, and waiting takes no real
 * time. As on AWS, the items of a BatchGet are read at several moments; and while a transaction runs, any other write to
 * its items is answered with a conflict.
 */
export class Scheduler {
  readonly #random: Random;
  readonly #torn: boolean;
  #waiting: Waiting[] = [];
  readonly #running = new Set<Task>();
  /** The number of each task there ever was, and how often it has waited. */
  readonly #places = new Map<Task, { number: number; waits: number }>();
  readonly #held = new Set<string>();
  /** Tokens of transactions that the database has done. */
  readonly #done = new Set<string>();
  /** Milliseconds since 1970, as the code under test sees it. */
  now: number;
  /** Requests served, and what went wrong on purpose. */
  served = 0;
  readonly faults: Record<string, number> = {};
  /** Called with the writes of a request at the moment before the database gets it. */
  beforeWrite: (task: Task, writes: Write[]) => void = () => {};
  /** Called after the database has done it. */
  written: (task: Task, writes: Write[]) => void = () => {};
  /** A mutant: changes what is sent, and may leave a part for a request of its own. */
  mutate: (input: Input) => Input | undefined = () => undefined;
  /** The same for what is sent to the bucket. */
  mutateObject: (request: RequestInit) => void = () => {};

  /** @param torn BatchGets are read at several moments */
  constructor(random: Random, torn: boolean) {
    this.#random = random;
    this.#torn = torn;
    // Seconds begin at the same place in every replay.
    this.now = Math.ceil(Date.now() / 10_000) * 10_000;
    vi.setSystemTime(this.now);
  }

  /** Starts a task; it goes on when `serve` lets it. */
  start<T>(task: Task, work: () => Promise<T>): Promise<T> {
    this.#running.add(task);
    this.#places.set(task, { number: this.#places.size, waits: 0 });
    return tasks.run({ task, scheduler: this }, work).finally(() => this.#running.delete(task));
  }

  get running(): number {
    return this.#running.size;
  }

  /** Serves one request, after all tasks have come to one or to their end. False when nothing is left to serve. */
  async serve(): Promise<boolean> {
    await this.#settled();
    if (this.#waiting.length === 0) return false;
    const quick = this.#waiting.filter(({ task, holds }) => !task.slow || holds);
    const among = quick.length > 0 && this.#random.chance(0.9) ? quick : this.#waiting;
    // In an order that does not depend on how long anything took.
    const chosen = this.#random.one(among.sort((one, other) => one.number - other.number || one.nth - other.nth));
    this.#waiting = this.#waiting.filter((waiting) => waiting !== chosen);
    this.now += this.#random.chance(0.02) ? this.#random.whole(100, 3000) : this.#random.whole(0, 3);
    vi.setSystemTime(this.now);
    this.served++;
    await chosen.serve();
    await this.#settled();
    return true;
  }

  /** Every task waits, and with all the requests that it makes side by side: nothing new comes for some turns. */
  async #settled(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      const { length } = this.#waiting;
      await turnOfTheLoop();
      const waits = (task: Task) => this.#waiting.some((waiting) => waiting.task === task);
      if (this.#waiting.length !== length || ![...this.#running].every(waits)) quiet = -1;
    }
  }

  /** The task waits here until it is chosen, and does this then. */
  turn<T>(task: Task, act: () => Promise<T>, holds = false): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const { number, waits } = this.#places.get(task) ?? { number: 0, waits: 0 };
      this.#places.set(task, { number, waits: waits + 1 });
      this.#waiting.push({
        task,
        number,
        nth: waits,
        holds,
        serve: async () => {
          if (task.dead) return reject(new Error('the function has died'));
          await act().then(resolve, reject);
        },
      });
    });
  }

  #goesWrong<K extends string>(task: Task, weights: Record<K, number>): K | undefined {
    if (!this.#random.chance(task.faults)) return undefined;
    const fault = this.#random.weighted(weights);
    this.#count(fault);
    return fault;
  }

  #count(what: string) {
    this.faults[what] = (this.faults[what] ?? 0) + 1;
  }

  #die(task: Task): Error {
    task.dead = true;
    return new Error('the function has died');
  }

  /** A request on its way to the database, and what comes back. */
  async request(task: Task, request: WireRequest, send: Send): Promise<Answer> {
    const reply = await (isWrite(request) ? this.#write(task, request, send) : this.#read(task, request, send));
    if (reply === 'reset') throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
    if (reply !== 'silence') return reply;
    this.now += CLIENT_TIMEOUT;
    vi.setSystemTime(this.now);
    throw Object.assign(new Error('Request aborted'), { name: 'AbortError' });
  }

  async #read(task: Task, { operation, input }: WireRequest, send: Send): Promise<Reply> {
    const { RequestItems: batches } = input;
    const readNow = (part = input) => this.turn(task, () => this.#perform(task, { operation, input: part }, send));
    if (!batches || countOf(batches) < 2 || !this.#torn || this.#random.chance(0.5)) return readNow();
    // Not one moment: on AWS some of the items are read before others are changed, and some after.
    const { taken, left } = divided(batches, () => this.#random.chance(0.5));
    const answers: Answer[] = [];
    for (const part of [taken, left].filter((batch) => countOf(batch) > 0)) {
      const reply = await readNow({ ...input, RequestItems: part });
      if (typeof reply === 'string' || reply.status !== 200) return reply;
      answers.push(reply);
    }
    return merged(answers);
  }

  async #write(task: Task, request: WireRequest, send: Send): Promise<Reply> {
    const { TransactItems } = request.input;
    const keys = documentsOf(request).map(({ key }) => keyText(key));
    const met = () => keys.map((key) => this.#held.has(key));
    const meetsOthers = () => {
      if (!met().includes(true)) return undefined;
      this.#count('conflict');
      return TransactItems ? cancelled(met().map((held) => (held ? 'TransactionConflict' : 'None'))) : conflict;
    };
    const write = () => this.#perform(task, request, (input) => this.#follow(task, { ...request, input }, send));
    if (!TransactItems || this.#random.chance(0.3)) return this.turn(task, async () => meetsOthers() ?? write());
    const refusal = await this.turn(task, async () => {
      const refused = meetsOthers();
      if (!refused) for (const key of keys) this.#held.add(key);
      return refused;
    });
    if (refusal) return refusal;
    try {
      return await this.turn(task, write, true);
    } finally {
      for (const key of keys) this.#held.delete(key);
    }
  }

  /** Does it, or lets it go wrong. */
  async #perform(task: Task, request: WireRequest, perform: Send): Promise<Reply> {
    const fault = this.#goesWrong(task, {
      'dies before': 2,
      'dies after': isWrite(request) ? 4 : 0,
      ...(Object.fromEntries(
        FAULT_NAMES.map((name) => [name, FAULTS[name].fits(request) ? (WEIGHTS[name] ?? 0) : 0]),
      ) as Record<FaultName, number>),
    });
    if (fault === undefined) return perform(request.input);
    if (fault !== 'dies before' && fault !== 'dies after') return FAULTS[fault].reply(request, perform);
    if (fault === 'dies after') await perform(request.input);
    throw this.#die(task);
  }

  /** Has the database write, and reports the writes. */
  async #follow(task: Task, request: WireRequest, send: Send): Promise<Answer> {
    const { ClientRequestToken: token = '' } = request.input;
    // The same transaction again: the database knows it by its token, and does nothing.
    if (this.#done.has(token)) return send(request.input);
    const writes = documentsOf(request);
    this.beforeWrite(task, writes);
    const answer = await send(request.input);
    if (answer.status !== 200) return answer;
    if (token) this.#done.add(token);
    this.written(task, writes);
    return answer;
  }

  /**
   * A request to the bucket. What it reads and what it writes are two moments where it copies; a function that dies in
   * between may have copied or not.
   * @param begin does the first part and returns the second, with the answer
   */
  async object<T>(task: Task, copies: boolean, begin: () => () => T): Promise<T> {
    const fault = this.#goesWrong(task, {
      'dies before S3': 2,
      'dies after S3': 4,
      'S3 is not reached': 2,
      'answer of S3 lost': 3,
    });
    let finish = await this.turn(task, async () => {
      if (fault === 'dies before S3') throw this.#die(task);
      if (fault === 'S3 is not reached') throw new Error('the connection broke');
      return begin();
    });
    if (copies) {
      const answer = await this.turn(task, async () => finish());
      finish = () => answer;
    }
    if (fault === 'dies after S3') throw this.#die(task);
    if (fault === 'answer of S3 lost') {
      task.unheard = true;
      throw new Error('the connection broke');
    }
    return finish();
  }
}

const countOf = (batches: Batches) => Object.values(batches).reduce((sum, { Keys }) => sum + Keys.length, 0);

/** The writes of a request as the document client knows them. */
const documentsOf = (request: WireRequest): Write[] =>
  writesOf(request).map(({ verb, statement }) => {
    const { Key, Item, ExpressionAttributeValues: values } = statement as Record<string, WireItem | undefined>;
    const document: Statement = {
      ...(statement as Statement),
      ...(Key && { Key: unmarshall(Key) }),
      ...(Item && { Item: unmarshall(Item) }),
      ...(values && { ExpressionAttributeValues: unmarshall(values) }),
    };
    const { pk, sk } = (document.Key ?? document.Item) as Item;
    return { verb, statement: document, key: { pk: String(pk), sk: String(sk) } };
  });

interface BatchOutput {
  Responses?: Record<string, WireItem[]>;
  UnprocessedKeys?: Batches;
  ConsumedCapacity?: object[];
}

/** The answers to the parts of a batch as one. */
function merged(answers: Answer[]): Answer {
  const outputs = answers.map(({ body }) => JSON.parse(body) as BatchOutput);
  const responses: Record<string, WireItem[]> = {};
  for (const [table, items] of outputs.flatMap(({ Responses = {} }) => Object.entries(Responses)))
    responses[table] = [...(responses[table] ?? []), ...items];
  const ConsumedCapacity = outputs.flatMap(({ ConsumedCapacity = [] }) => ConsumedCapacity);
  const whole = withBody(answers[0]!, JSON.stringify({ Responses: responses, ConsumedCapacity }));
  return outputs.reduce((answer, { UnprocessedKeys = {} }) => withUnprocessed(answer, UnprocessedKeys), whole);
}

const tasks = new AsyncLocalStorage<{ task: Task; scheduler: Scheduler }>();

/** The place of waiting in the code under test: it goes on when its turn comes, whatever the time asked for. */
export async function pause(ms: number): Promise<void> {
  const at = tasks.getStore();
  if (at) return at.scheduler.turn(at.task, async () => {});
  await new Promise((resolve) => setTimeout(resolve, ms));
}

/** The same for requests to the bucket, in place of the global `fetch`. @param begin what the bucket does */
export const scheduledFetch =
  (begin: (url: string, init: RequestInit) => () => Response) =>
  async (url: string, init: RequestInit = {}): Promise<Response> => {
    const at = tasks.getStore();
    if (!at) return begin(url, init)();
    at.scheduler.mutateObject(init);
    return at.scheduler.object(at.task, init.method === 'PUT', () => begin(url, init));
  };

/** To a client's own requests, whatever they are: the SDK's types tell every step's apart. */
const addMiddleware = <A, R>(
  client: Stacked,
  name: string,
  step: string,
  around: (next: (args: A) => Promise<R>, args: A) => Promise<R>,
) =>
  client.middlewareStack.add(
    ((next: (args: A) => Promise<R>) => (args: A) => around(next, args)) as never,
    { step, priority: 'low', name } as never,
  );

/** What the middleware of the last step takes and gives. */
interface Outgoing {
  request: { headers: Record<string, string>; body: string };
}
interface Incoming {
  response: { statusCode: number; headers: Record<string, string>; body: Readable };
}

/** Puts every request that a task makes through its scheduler. Once for a client. */
export function schedule(client: Stacked): void {
  addMiddleware<{ input: Input }, unknown>(client, 'mutate', 'initialize', async (next, args) => {
    const { Item, Key, TransactItems } = args.input;
    const apart = (Item ?? Key ?? TransactItems) && tasks.getStore()?.scheduler.mutate(args.input);
    const answer = await next(args);
    if (apart) await next({ ...args, input: apart });
    return answer;
  });
  // Next to the network, so that all answers pass through the functions' own protocol.
  addMiddleware<Outgoing, Incoming>(client, 'schedule', 'deserialize', async (next, args) => {
    const at = tasks.getStore();
    if (!at) return next(args);
    const { request } = args;
    const send: Send = async (input) => {
      request.body = JSON.stringify(input);
      request.headers['content-length'] = String(Buffer.byteLength(request.body));
      const { statusCode: status, headers, body } = (await next({ ...args, request })).response;
      return { status, headers, body: await text(body) };
    };
    const [, operation = ''] = request.headers['x-amz-target']!.split('.');
    const answer = await at.scheduler.request(at.task, { operation, input: JSON.parse(request.body) }, send);
    const { status, headers, body } = answer;
    return { response: { statusCode: status, headers, body: Readable.from([Buffer.from(body)]) } };
  });
}
