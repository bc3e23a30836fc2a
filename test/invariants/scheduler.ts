import { AsyncLocalStorage } from 'node:async_hooks';
import { setImmediate as turnOfTheLoop } from 'node:timers/promises';
import {
  ProvisionedThroughputExceededException,
  TransactionCanceledException,
  TransactionConflictException,
  TransactionInProgressException,
} from '@aws-sdk/client-dynamodb';
import type { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { vi } from 'vitest';
import type { Random } from '../../infra/local/random.ts';
import type { Key } from '../../shared/data/keys.ts';
import { type Item, keyText } from '../../shared/data/read.ts';

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
  ClientRequestToken?: string;
  RequestItems?: Record<string, { Keys: Item[]; ConsistentRead?: boolean }>;
  TransactItems?: Record<string, Statement>[];
}

export type Verb = 'Put' | 'Update' | 'Delete' | 'ConditionCheck';
export type Write = { verb: Verb; statement: Statement; key: Key };

/** A call, or a run of a background job, that runs beside others. */
export interface Task {
  /** How likely (0…1) each of its requests is to go wrong. */
  faults: number;
  /** It died: nothing of it happens any more. */
  dead: boolean;
  /** Others mostly go before it, so that much can happen between its first request and its last. */
  slow: boolean;
  /** The bucket did what it asked for, and it has not heard. */
  unheard?: boolean;
}

/** Somewhere a task waits to be served: at its nth request. */
interface Waiting {
  task: Task;
  number: number;
  nth: number;
  /** It keeps items from others meanwhile. */
  holds: boolean;
  serve: () => Promise<void>;
}

type Next = (args: { input: Input }) => Promise<{ output: Record<string, unknown> }>;
type Middleware = (next: Next, args: { input: Input }) => Promise<unknown>;

/** To a client's own requests, whatever they are: the SDK's types tell every step's apart. */
const addMiddleware = (client: DynamoDBDocumentClient, name: string, step: string, around: Middleware) =>
  client.middlewareStack.add(
    ((next: Next) => (args: { input: Input }) => around(next, args)) as never,
    { step, priority: 'low', name } as never,
  );

/** How Node.js tells of a connection that broke. */
const reset = () => Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

/**
 * Lets several calls run at once and decides, by a seed, which of their requests to database and bucket is served next: one at
 * a time, so that a seed gives the same history again, but in any order. Time is its own too, and waiting costs none.
 * As on AWS, a BatchGet is not one moment: its items are read at several. And while a transaction runs, its items are
 * its own: any other write to them is answered with a conflict.
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
  written: (task: Task, writes: Write[]) => Promise<void> = async () => {};
  /** Changes what is sent, and may leave a part for a request of its own: deliberate breakages. */
  tamper: (input: Input) => Input | undefined = () => undefined;
  /** The same for what is sent to the bucket. */
  tamperObject: (request: RequestInit) => void = () => {};

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
    this.faults[fault] = (this.faults[fault] ?? 0) + 1;
    return fault;
  }

  #die(task: Task): Error {
    task.dead = true;
    return new Error('the function has died');
  }

  async request(task: Task, next: Next, input: Input): Promise<unknown> {
    return writesOf(input).length > 0 ? this.#write(task, next, input) : this.#read(task, next, input);
  }

  async #read(task: Task, next: Next, input: Input): Promise<unknown> {
    const [table, batch] = Object.entries(input.RequestItems ?? {})[0] ?? [];
    if (!table || !batch || batch.Keys.length < 2 || !this.#torn || this.#random.chance(0.5))
      return this.turn(task, () => this.#readNow(task, next, input));
    // Not one moment: on AWS some of the items are read before others are changed, and some after.
    const { Keys: keys } = batch;
    const early = keys.filter(() => this.#random.chance(0.5));
    const late = keys.filter((key) => !early.includes(key));
    const parts = [];
    for (const part of [early, late].filter(({ length }) => length > 0))
      parts.push(
        await this.turn(task, () =>
          this.#readNow(task, next, { ...input, RequestItems: { [table]: { ...batch, Keys: part } } }),
        ),
      );
    return { ...parts[0], output: merged(parts.map(({ output }) => output)) };
  }

  async #readNow(task: Task, next: Next, input: Input): Promise<{ output: Record<string, unknown> }> {
    const [table, batch] = Object.entries(input.RequestItems ?? {})[0] ?? [];
    const several = batch && batch.Keys.length > 1;
    const fault = this.#goesWrong(task, { dies: 2, fails: 1, throttled: 1, unprocessed: several ? 3 : 0 });
    if (fault === 'dies') throw this.#die(task);
    if (fault === 'fails') throw reset();
    if (fault === 'throttled') throw throttled();
    if (fault !== 'unprocessed' || !table || !batch) return next({ input });
    const done = batch.Keys.slice(0, -1);
    const { output, ...rest } = await next({
      input: { ...input, RequestItems: { [table]: { ...batch, Keys: done } } },
    });
    const left = { [table]: { ...batch, Keys: batch.Keys.slice(done.length) } };
    return { ...rest, output: { ...output, UnprocessedKeys: left } };
  }

  async #write(task: Task, next: Next, input: Input): Promise<unknown> {
    const apart = this.tamper(input);
    const answer = await this.#oneWrite(task, next, input);
    if (apart) await this.#oneWrite(task, next, apart);
    return answer;
  }

  async #oneWrite(task: Task, next: Next, input: Input): Promise<unknown> {
    const writes = writesOf(input);
    const keys = writes.map(({ key }) => keyText(key));
    const meetsOther = () => keys.some((key) => this.#held.has(key));
    if (!input.TransactItems || this.#random.chance(0.3))
      return this.turn(task, async () => {
        if (meetsOther()) throw this.#conflict(input, keys);
        return this.#writeNow(task, next, input, writes);
      });
    await this.turn(task, async () => {
      if (meetsOther()) throw this.#conflict(input, keys);
      for (const key of keys) this.#held.add(key);
    });
    try {
      return await this.turn(task, () => this.#writeNow(task, next, input, writes), true);
    } finally {
      for (const key of keys) this.#held.delete(key);
    }
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

  #conflict(input: Input, keys: string[]): Error {
    this.faults.conflict = (this.faults.conflict ?? 0) + 1;
    if (!input.TransactItems)
      return new TransactionConflictException({ message: 'Transaction is ongoing for the item', $metadata: {} });
    return cancelled(keys.map((key) => (this.#held.has(key) ? 'TransactionConflict' : 'None')));
  }

  async #writeNow(task: Task, next: Next, input: Input, writes: Write[]): Promise<unknown> {
    const fault = this.#goesWrong(task, {
      'dies before a write': 2,
      'dies after a write': 4,
      'fails before a write': 1,
      'answer lost': 5,
      throttled: 1,
      'a part throttled': input.TransactItems ? 2 : 0,
      'still in progress': input.TransactItems ? 2 : 0,
    });
    if (fault === 'dies before a write') throw this.#die(task);
    if (fault === 'fails before a write') throw reset();
    if (fault === 'throttled') throw throttled();
    if (fault === 'a part throttled')
      throw cancelled(writes.map((_, index) => (index === 0 ? 'ThrottlingError' : 'None')));
    const { ClientRequestToken: token } = input;
    // The same transaction again: the database knows it by its token, and does nothing.
    if (token && this.#done.has(token)) return next({ input });
    this.beforeWrite(task, writes);
    const answer = await next({ input });
    if (token) this.#done.add(token);
    await this.written(task, writes);
    if (fault === 'still in progress')
      throw new TransactionInProgressException({
        Message: 'the transaction is in progress',
        message: '',
        $metadata: {},
      });
    if (fault === 'dies after a write') throw this.#die(task);
    if (fault === 'answer lost') throw reset();
    return answer;
  }
}

const throttled = () =>
  new ProvisionedThroughputExceededException({ message: 'Rate exceeded', $metadata: {} }) as Error;

const cancelled = (codes: string[]) =>
  new TransactionCanceledException({
    message: 'Transaction cancelled, please refer cancellation reasons for specific reasons',
    $metadata: {},
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

function writesOf({ TransactItems, ...input }: Input): Write[] {
  if (TransactItems)
    return TransactItems.map((part) => {
      const [verb, statement] = Object.entries(part)[0] as [Verb, Statement];
      return { verb, statement, key: keyOf(statement) };
    });
  if (input.Item) return [{ verb: 'Put', statement: input, key: keyOf(input) }];
  if (input.UpdateExpression) return [{ verb: 'Update', statement: input, key: keyOf(input) }];
  return input.Key ? [{ verb: 'Delete', statement: input, key: keyOf(input) }] : [];
}

const keyOf = ({ Key, Item }: Statement): Key => {
  const { pk, sk } = (Key ?? Item) as Item;
  return { pk: String(pk), sk: String(sk) };
};

function merged(outputs: Record<string, unknown>[]): Record<string, unknown> {
  const pairs = (name: string) =>
    outputs.flatMap((output) => Object.entries((output[name] ?? {}) as Record<string, Item[] | { Keys: Item[] }>));
  const responses: Record<string, Item[]> = {};
  const unprocessed: Record<string, { Keys: Item[] }> = {};
  for (const [table, items] of pairs('Responses'))
    responses[table] = [...(responses[table] ?? []), ...(items as Item[])];
  for (const [table, left] of pairs('UnprocessedKeys')) {
    const { Keys, ...rest } = left as { Keys: Item[] };
    unprocessed[table] = { ...rest, Keys: [...(unprocessed[table]?.Keys ?? []), ...Keys] };
  }
  return {
    ...outputs[0],
    Responses: responses,
    UnprocessedKeys: unprocessed,
    ConsumedCapacity: outputs.flatMap(({ ConsumedCapacity }) => ConsumedCapacity ?? []),
  };
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
    at.scheduler.tamperObject(init);
    return at.scheduler.object(at.task, init.method === 'PUT', () => begin(url, init));
  };

/** Puts every request that a task makes through its scheduler. Once for a client. */
export function schedule(client: DynamoDBDocumentClient): void {
  addMiddleware(client, 'schedule', 'initialize', (next, args) => {
    const at = tasks.getStore();
    return at ? at.scheduler.request(at.task, next, args.input) : next(args);
  });
}
