/**
 * Runs functions as Lambda does: each instance is a process with its own bundle, environment and memory limit,
 * serves one invocation at a time, is kept for the next one, and goes when it has been idle for long.
 */
import type { ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { LOCAL_REGION } from './aws.ts';
import type { FunctionDefinition } from './deployment.ts';
import type { FindCredentials } from './s3/signature.ts';
import type { Json } from './template.ts';
import { spawnTied } from './tied-process.ts';

const PROCESS = join(import.meta.dirname, 'function-process.mjs');

/** What an instance says: `result` is JSON, or undefined where the handler returned nothing. */
type InstanceMessage =
  | { kind: 'ready' }
  | { kind: 'result'; result: string | undefined }
  | ({ kind: 'failed' } & Failure)
  | ({ kind: 'crashed' } & Failure);

interface Failure {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

/** Bytes of JSON that Lambda takes for an answer: 6 MB and 100. */
export const ANSWER_LIMIT = 6_291_556;

/** Lambda's own limit for loading a function, milliseconds. */
const LOAD_TIMEOUT = 10_000;

export interface PoolOptions {
  /** Servers that the functions' SDK clients should talk to. */
  endpoints?: { dynamodb: string; s3: string };
  credentialsOf?: FindCredentials;
  /** Instances of one function, and of all together. */
  instancesPerFunction?: number;
  instances?: number;
  /** Milliseconds until an idle instance is ended. */
  idleTime?: number;
  /** Gets every line that a function prints. */
  onLine?(definition: FunctionDefinition, line: string): void;
}

/** How an invocation ended; never an exception, since a failing function is an everyday result. */
export type Outcome = (
  | { ok: true; payload: Json }
  | { ok: false; errorType: string; errorMessage: string; trace: string[] }
) & {
  requestId: string;
  /** Milliseconds in the handler. */
  duration: number;
  /** True if an instance was started for it. */
  coldStart: boolean;
};

export interface FunctionPool {
  /** Invokes the function with an event and waits for its end. Invocations wait their turn in the order they came. */
  invoke(definition: FunctionDefinition, event: Json): Promise<Outcome>;
  /** Instances alive now, of all functions. */
  size(): number;
  /** Ends all instances. */
  close(): Promise<void>;
}

/** An invocation that waits for an instance or runs on one. */
interface Call {
  definition: FunctionDefinition;
  event: string;
  requestId: string;
  coldStart: boolean;
  started: number;
  timer?: NodeJS.Timeout;
  settle(outcome: Outcome): void;
}

interface Instance {
  definition: FunctionDefinition;
  process: ChildProcess;
  call: Call | undefined;
  idleSince: number;
}

/** Makes an empty pool. */
export function createFunctionPool(options: PoolOptions = {}): FunctionPool {
  const { instancesPerFunction = 4, instances: instanceCap = 32, idleTime = 120_000 } = options;
  const alive = new Set<Instance>();
  /** Processes that have not ended yet, those that were told to among them. */
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

  /** Ends an instance; who waits for its call has been told or will be. */
  const end = (instance: Instance) => {
    alive.delete(instance);
    instance.process.kill('SIGKILL');
  };

  /** Ends an instance that broke, fails its call with what Lambda would say, and lets the next one in. */
  const fail = (instance: Instance, failure: Failure) => {
    if (!alive.has(instance)) return;
    const { call } = instance;
    instance.call = undefined;
    end(instance);
    if (call) finish(call, failure);
    pump();
  };

  const start = (definition: FunctionDefinition): Instance => {
    const data = {
      modulePath: definition.modulePath,
      handlerName: definition.handler.split('.')[1],
      functionName: definition.name,
      functionArn: definition.arn,
      memory: definition.memory,
    };
    const child = spawnTied(
      [process.execPath, `--max-old-space-size=${definition.memory}`, PROCESS, JSON.stringify(data)],
      { env: environmentOf(definition, options), ipc: true },
    );
    const instance: Instance = { definition, process: child, call: undefined, idleSince: 0 };
    alive.add(instance);
    for (const stream of [child.stdout, child.stderr]) {
      forwardLines(stream!, (line) => options.onLine?.(definition, line));
    }
    child.on('message', (message: InstanceMessage) => {
      const { call } = instance;
      if (message.kind === 'crashed') return fail(instance, message);
      if (!call) return;
      if (message.kind === 'ready') return begin(instance, call);
      instance.call = undefined;
      instance.idleSince = Date.now();
      if (message.kind === 'failed') finish(call, message);
      else if (Buffer.byteLength(message.result ?? '') > ANSWER_LIMIT) finish(call, TOO_LARGE);
      else finish(call, { payload: message.result === undefined ? undefined : JSON.parse(message.result) });
      pump();
    });
    child.on('error', (error) => fail(instance, { errorType: error.name, errorMessage: error.message }));
    const exited = new Promise((resolve) => child.on('exit', resolve));
    running.add(exited);
    exited.then(() => running.delete(exited));
    child.on('exit', (code, signal) => {
      const how = signal ? `error: signal: ${signal}` : code ? `error: exit status ${code}` : 'success';
      fail(instance, { errorType: 'Runtime.ExitError', errorMessage: `Runtime exited with ${how}` });
    });
    return instance;
  };

  /** Hands the event to an instance that is loaded; from now on the function's own timeout runs. */
  const begin = (instance: Instance, call: Call) => {
    const { timeout } = call.definition;
    clearTimeout(call.timer);
    call.started = Date.now();
    const seconds = (timeout / 1000).toFixed(2);
    call.timer = setTimeout(() => {
      options.onLine?.(call.definition, `${call.requestId} Task timed out after ${seconds} seconds`);
      fail(instance, { errorType: 'Sandbox.Timedout', errorMessage: `Task timed out after ${seconds} seconds` });
    }, timeout);
    const { requestId, event } = call;
    instance.process.send({ requestId, event, deadline: call.started + timeout });
  };

  /** Gives waiting calls to instances, oldest first; a call that must wait does not hold up another function's. */
  const pump = () => {
    waiting = waiting.filter((call) => !place(call));
  };
  const place = (call: Call): boolean => {
    const own = [...alive].filter(({ definition }) => definition === call.definition);
    // The one used last, so that the others become idle for long enough to go.
    const idle = own.filter((instance) => !instance.call).sort((a, b) => b.idleSince - a.idleSince)[0];
    if (idle) {
      idle.call = call;
      begin(idle, call);
      return true;
    }
    if (own.length >= instancesPerFunction) return false;
    if (alive.size >= instanceCap) {
      const spare = [...alive].filter((instance) => !instance.call).sort((a, b) => a.idleSince - b.idleSince)[0];
      if (!spare) return false;
      end(spare);
    }
    const instance = start(call.definition);
    instance.call = call;
    call.coldStart = true;
    const tooSlow = { errorType: 'Sandbox.Timedout', errorMessage: 'The function did not load in time' };
    call.timer = setTimeout(() => fail(instance, tooSlow), LOAD_TIMEOUT);
    return true;
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
          started: 0,
          settle,
        };
        if (closed) return finish(call, { errorType: 'ServiceException', errorMessage: 'The stack is shutting down' });
        // Nobody may overtake a call of the same function that waits already.
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
      await Promise.all(running);
    },
  };
}

/** What Lambda says of an answer that is too large. The instance goes on. */
const TOO_LARGE: Failure = {
  errorType: 'Function.ResponseSizeTooLarge',
  errorMessage: `Response payload size exceeded maximum allowed payload size (${ANSWER_LIMIT} bytes).`,
};

/** The template's variables, and what Lambda itself sets; nothing of the process that runs the stack. */
function environmentOf(
  definition: FunctionDefinition,
  { endpoints, credentialsOf }: PoolOptions,
): Record<string, string> {
  const credentials = credentialsOf?.(definition.accessKeyId);
  return {
    ...definition.environment,
    AWS_REGION: LOCAL_REGION,
    AWS_DEFAULT_REGION: LOCAL_REGION,
    AWS_EXECUTION_ENV: `AWS_Lambda_nodejs${process.versions.node.split('.')[0]}.x`,
    AWS_LAMBDA_FUNCTION_NAME: definition.name,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memory),
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: `/aws/lambda/${definition.name}`,
    AWS_LAMBDA_LOG_STREAM_NAME: 'local',
    LAMBDA_TASK_ROOT: dirname(definition.modulePath),
    _HANDLER: definition.handler,
    TZ: ':UTC',
    LANG: 'en_US.UTF-8',
    AWS_ACCESS_KEY_ID: definition.accessKeyId,
    ...(credentials && {
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: credentials.sessionToken ?? '',
    }),
    ...(endpoints && { AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb, AWS_ENDPOINT_URL_S3: endpoints.s3 }),
    // There are no such files on Lambda; a developer's own must not leak in.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

function forwardLines(stream: Readable, onLine: (line: string) => void) {
  createInterface({ input: stream }).on('line', (line) => line.trim() && onLine(line));
}
