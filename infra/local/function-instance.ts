/** The process of one instance of a function. */
import type { EventEmitter } from 'node:events';
import { devNull } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { Worker } from 'node:worker_threads';
import { LOCAL_REGION } from './aws.ts';
import type { FunctionDefinition } from './deployment.ts';
import type { FindCredentials } from './s3/signature.ts';
import { spawnTied } from './tied-process.ts';

const PROCESS = join(import.meta.dirname, 'function-process.mjs');

export interface InstanceOptions {
  /** Servers for the SDK clients of the functions. */
  endpoints?: { dynamodb: string; s3: string; sqs: string; eventbridge: string; lambda: string };
  credentialsOf?: FindCredentials;
  /**
   * Instances are threads of this process, not processes, so that one debugger on this process sees all functions. They
   * have no time-outs while somebody looks at a breakpoint.
   */
  inspect?: boolean;
  /** Instances tell what each invocation spent its time on (`Use`). */
  measured?: boolean;
  /** Receives each line that a function prints. */
  onLine?(definition: FunctionDefinition, line: string): void;
}

/** A message of an instance. `result` is JSON, undefined if the handler returned nothing. */
export type InstanceMessage =
  | { kind: 'ready' }
  | { kind: 'result'; result: string | undefined; use?: Use }
  | ({ kind: 'failed' } & Failure)
  | ({ kind: 'crashed' } & Failure);

/** What an invocation spent its time on, in milliseconds: see `function-measures.mjs`. */
export interface Use {
  /** From the event to the result, in the process of the instance. */
  wall: number;
  /** The part of it in which at least one request to DynamoDB had no answer. */
  database: number;
  /** The sum over these requests. */
  requests: number;
  /** Processor time of all threads. */
  processor: number;
  /** Bytes of the heap after a garbage collection; now and then. */
  heap?: number;
}

export interface Failure {
  errorType: string;
  errorMessage: string;
  trace?: string[];
}

/** What runs an instance: it emits `message`, `error` and `exit`, as a child process does. */
export interface InstanceRunner extends EventEmitter {
  /** Of its own process; a thread has none. */
  pid?: number | undefined;
  send(invocation: { requestId: string; event: string; deadline: number }): void;
  /** Ends it at once. */
  end(): void;
}

/** Starts an instance. It sends `InstanceMessage`s and takes one event at a time, see `function-process.mjs`. */
export function spawnInstance(definition: FunctionDefinition, options: InstanceOptions): InstanceRunner {
  const data = {
    modulePath: definition.modulePath,
    handlerName: definition.handler.split('.')[1],
    functionName: definition.name,
    functionArn: definition.arn,
    memory: definition.memory,
    ...(options.measured && { measured: true }),
  };
  const env = environmentOf(definition, options);
  const runner = options.inspect ? thread(data, env) : childProcess(data, env);
  for (const stream of [runner.stdout, runner.stderr])
    forwardLines(stream!, (line) => options.onLine?.(definition, line));
  return runner;
}

interface InstanceData {
  functionName: string;
  /** MiB. */
  memory: number;
}

function childProcess(data: InstanceData, env: Record<string, string>) {
  const child = spawnTied([process.execPath, `--max-old-space-size=${data.memory}`, PROCESS, JSON.stringify(data)], {
    env,
    ipc: true,
  });
  return Object.assign(child, { end: () => child.kill('SIGKILL') });
}

/**
 * Threads that have not ended. One at a breakpoint whose debugger has gone never ends, and this process could not exit
 * while it has such a thread.
 */
export const runningThreads = new Set<Worker>();

function thread(data: InstanceData, env: Record<string, string>) {
  const worker = new Worker(PROCESS, {
    argv: [JSON.stringify(data)],
    env,
    execArgv: ['--enable-source-maps'],
    // Debuggers list threads by this name.
    name: data.functionName,
    resourceLimits: { maxOldGenerationSizeMb: data.memory },
    stdout: true,
    stderr: true,
  });
  runningThreads.add(worker);
  worker.on('exit', () => runningThreads.delete(worker));
  return Object.assign(worker, {
    send: (message: object) => worker.postMessage(message),
    end: () => worker.terminate(),
  });
}

/** The variables of the template and those of Lambda. Nothing of this process's own environment is passed on. */
function environmentOf(
  definition: FunctionDefinition,
  { endpoints, credentialsOf }: InstanceOptions,
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
    AWS_LAMBDA_LOG_GROUP_NAME: definition.logGroup,
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
    ...(endpoints && {
      AWS_ENDPOINT_URL_DYNAMODB: endpoints.dynamodb,
      AWS_ENDPOINT_URL_S3: endpoints.s3,
      AWS_ENDPOINT_URL_SQS: endpoints.sqs,
      AWS_ENDPOINT_URL_EVENTBRIDGE: endpoints.eventbridge,
      AWS_ENDPOINT_URL_LAMBDA: endpoints.lambda,
    }),
    // Lambda has no such files, and a function must not read the developer's.
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
}

function forwardLines(stream: Readable, onLine: (line: string) => void) {
  createInterface({ input: stream }).on('line', (line) => line.trim() && onLine(line));
}
