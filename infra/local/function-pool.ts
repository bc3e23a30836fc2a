/**
 * Runs functions as Lambda does. An instance is a process with its own bundle, environment and memory limit. It serves
 * one invocation at a time, is kept for the next one, and is ended after it has been idle for long.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FunctionDefinition } from './deployment.ts';
import {
  type Failure,
  type InstanceMessage,
  type InstanceOptions,
  type InstanceRunner,
  spawnInstance,
  type Use,
} from './function-instance.ts';
import type { Json } from './template.ts';

/** Bytes of JSON that Lambda accepts as an answer: 6 MB and 100. */
export const ANSWER_LIMIT = 6_291_556;

/** Milliseconds that Lambda allows for loading a function. */
const LOAD_TIMEOUT = 10_000;

/**
 * Milliseconds of idleness after which any instance gives way to a further one of another function. Before, only one of a
 * function with more instances does. Otherwise functions that are called all the time would end each other's instances,
 * and every call would wait for a start.
 */
const IN_USE = 30_000;

/** Milliseconds for both under a debugger. */
const DAY = 86_400_000;

/** Milliseconds after which an ended thread is stuck at a breakpoint. */
const STUCK = 1000;

export interface PoolOptions extends InstanceOptions {
  /** Instances of one function, at most; default 4. */
  instancesPerFunction?: number | ((definition: FunctionDefinition) => number);
  /** Instances of all functions, at most. */
  instances?: number;
  /** Milliseconds until an idle instance is ended. */
  idleTime?: number;
  /** Receives what instances measured of an invocation: see `InstanceOptions.measured`. */
  onMeasured?(definition: FunctionDefinition, invocation: Measured): void;
}

/** A measured invocation. */
export interface Measured extends Use {
  /** Process of the instance. */
  pid: number | undefined;
  /** True if an instance was started for the invocation. */
  coldStart: boolean;
  /** Milliseconds until a loaded instance took it. */
  waited: number;
}

/** The result of an invocation. A failed invocation is a result, not an exception. */
export type Outcome = (
  | { ok: true; payload: Json }
  | { ok: false; errorType: string; errorMessage: string; trace: string[] }
) & {
  requestId: string;
  /** Milliseconds in the handler. */
  duration: number;
  /** True if an instance was started for the invocation. */
  coldStart: boolean;
};

export interface FunctionPool {
  /** Invokes the function with an event and waits for its end. Waiting invocations are served in order of arrival. */
  invoke(definition: FunctionDefinition, event: Json): Promise<Outcome>;
  /** Number of running instances of all functions. */
  size(): number;
  /** Ends all instances. */
  close(): Promise<void>;
}

/** An invocation that waits for an instance or runs in one. */
interface Call {
  definition: FunctionDefinition;
  event: string;
  requestId: string;
  coldStart: boolean;
  /** Milliseconds since 1970: when it arrived, and when an instance took it. */
  arrived: number;
  started: number;
  timer?: NodeJS.Timeout;
  settle(outcome: Outcome): void;
}

interface Instance {
  definition: FunctionDefinition;
  runner: InstanceRunner;
  call: Call | undefined;
  idleSince: number;
}

/** Makes an empty pool. */
export function createFunctionPool(options: PoolOptions = {}): FunctionPool {
  const { instancesPerFunction: most = 4, instances: instanceCap = 32, idleTime = 120_000 } = options;
  const alive = new Set<Instance>();
  /** Processes that have not exited yet, also those that were killed. */
  const running = new Set<Promise<unknown>>();
  let waiting: Call[] = [];
  let closed = false;

  const finish = (call: Call, result: { payload: Json } | Failure) => {
    clearTimeout(call.timer);
    const { requestId, coldStart } = call;
    const duration = call.started ? Date.now() - call.started : 0;
    call.settle(
      'payload' in result
        ? { ok: true, payload: result.payload, requestId, duration, coldStart }
        : { ok: false, trace: [], ...result, requestId, duration, coldStart },
    );
  };

  /** Ends an instance. The caller finishes its call. */
  const end = (instance: Instance) => {
    alive.delete(instance);
    instance.runner.end();
  };

  /** Ends a broken instance, fails its call as Lambda would, and places waiting calls. */
  const fail = (instance: Instance, failure: Failure) => {
    if (!alive.has(instance)) return;
    const { call } = instance;
    instance.call = undefined;
    end(instance);
    if (call) finish(call, failure);
    pump();
  };

  const start = (definition: FunctionDefinition): Instance => {
    const runner = spawnInstance(definition, options);
    const instance: Instance = { definition, runner, call: undefined, idleSince: 0 };
    alive.add(instance);
    runner.on('message', (message: InstanceMessage) => {
      const { call } = instance;
      if (message.kind === 'crashed') return fail(instance, message);
      if (!call) return;
      if (message.kind === 'ready') return begin(instance, call);
      instance.call = undefined;
      instance.idleSince = Date.now();
      if (message.kind === 'result' && message.use) {
        const { coldStart, arrived, started } = call;
        options.onMeasured?.(definition, { ...message.use, pid: runner.pid, coldStart, waited: started - arrived });
      }
      if (message.kind === 'failed') finish(call, message);
      else if (Buffer.byteLength(message.result ?? '') > ANSWER_LIMIT) finish(call, TOO_LARGE);
      else finish(call, { payload: message.result === undefined ? undefined : JSON.parse(message.result) });
      pump();
    });
    runner.on('error', (error) => fail(instance, { errorType: error.name, errorMessage: error.message }));
    const exited = new Promise((resolve) => runner.on('exit', resolve));
    running.add(exited);
    exited.then(() => running.delete(exited));
    runner.on('exit', (code, signal) => {
      const how = signal ? `error: signal: ${signal}` : code ? `error: exit status ${code}` : 'success';
      fail(instance, { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with ${how}` });
    });
    return instance;
  };

  /** Sends the event to a loaded instance. The function's timeout starts now. */
  const begin = (instance: Instance, call: Call) => {
    const timeout = options.inspect ? DAY : call.definition.timeout;
    clearTimeout(call.timer);
    call.started = Date.now();
    const seconds = (timeout / 1000).toFixed(2);
    call.timer = setTimeout(() => {
      options.onLine?.(call.definition, `${call.requestId} Task timed out after ${seconds} seconds`);
      fail(instance, { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds` });
    }, timeout);
    const { requestId, event } = call;
    instance.runner.send({ requestId, event, deadline: call.started + timeout });
  };

  /** Places waiting calls, the oldest first. A call that must wait does not delay calls of other functions. */
  const pump = () => {
    waiting = waiting.filter((call) => !place(call));
  };
  const place = (call: Call): boolean => {
    const own = [...alive].filter(({ definition }) => definition === call.definition);
    // The instance that was used last, so that the others stay idle and are ended.
    const idle = own.filter((instance) => !instance.call).sort((a, b) => b.idleSince - a.idleSince)[0];
    if (idle) {
      idle.call = call;
      begin(idle, call);
      return true;
    }
    if (own.length >= (typeof most === 'number' ? most : most(call.definition))) return false;
    if (alive.size >= instanceCap) {
      const spare = spareFor(own.length);
      if (!spare) return false;
      end(spare);
    }
    const instance = start(call.definition);
    instance.call = call;
    call.coldStart = true;
    const tooSlow = { errorType: 'Sandbox.Timedout', errorMessage: 'The function did not load in time' };
    call.timer = setTimeout(() => fail(instance, tooSlow), options.inspect ? DAY : LOAD_TIMEOUT);
    return true;
  };

  /**
   * An idle instance that may be ended for one of a function that has `own` instances: of the functions with the most
   * instances, that which is idle for longest.
   */
  const spareFor = (own: number): Instance | undefined => {
    const counts = new Map<FunctionDefinition, number>();
    for (const { definition } of alive) counts.set(definition, (counts.get(definition) ?? 0) + 1);
    const countOf = ({ definition }: Instance) => counts.get(definition)!;
    const longAgo = Date.now() - IN_USE;
    return [...alive]
      .filter((each) => !each.call && (own === 0 || countOf(each) > own + 1 || each.idleSince < longAgo))
      .sort((a, b) => countOf(b) - countOf(a) || a.idleSince - b.idleSince)[0];
  };

  const reaper = setInterval(
    () => {
      const longAgo = Date.now() - idleTime;
      for (const instance of alive) if (!instance.call && instance.idleSince < longAgo) end(instance);
    },
    Math.min(idleTime, 5000),
  ).unref();

  return {
    invoke: (definition, event) =>
      new Promise((settle) => {
        const call: Call = {
          definition,
          event: JSON.stringify(event),
          requestId: randomUUID(),
          coldStart: false,
          arrived: Date.now(),
          started: 0,
          settle,
        };
        if (closed) return finish(call, { errorType: 'ServiceException', errorMessage: 'The stack is shutting down' });
        // A call of the same function that waits already comes first.
        if (waiting.some(({ definition: other }) => other === definition) || !place(call)) waiting.push(call);
      }),
    size: () => alive.size,
    async close() {
      closed = true;
      clearInterval(reaper);
      const shuttingDown = { errorType: 'ServiceException', errorMessage: 'The stack is shutting down' };
      for (const call of waiting) finish(call, shuttingDown);
      waiting = [];
      for (const instance of alive) fail(instance, shuttingDown);
      await Promise.race([Promise.all(running), ...(options.inspect ? [sleep(STUCK)] : [])]);
    },
  };
}

/** Lambda's error for an answer that is too large. The instance keeps running. */
const TOO_LARGE: Failure = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${ANSWER_LIMIT} bytes).`,
};
