/** Starts everything that an application needs on one machine. */
import { existsSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { createGatewayServer } from './api-gateway.ts';
import type { Application } from './application.ts';
import { createJsonServer } from './aws-json.ts';
import { Closers } from './closers.ts';
import { credentialsFor } from './credentials.ts';
import { type Deployment, type FunctionDefinition, readDeployment, type StreamMapping } from './deployment.ts';
import { createTable, type DynamoDbLocal, startDynamoDbLocal } from './dynamodb-local.ts';
import { objectCreated } from './event-bus/bucket-events.ts';
import { startEventBuses } from './event-bus/bus.ts';
import { putEventsService } from './event-bus/put-events.ts';
import { invocationFailure, streamFailure } from './failure-records.ts';
import { createFunctionPool, type Measured, type Outcome } from './function-pool.ts';
import { type Authorizer, createAuthorizer, logPermissions } from './iam/authorizer.ts';
import { startDynamoDbGate } from './iam/dynamodb-gate.ts';
import { checkRoles } from './iam/role-checks.ts';
import { invokeService } from './invoke.ts';
import { closeServer, listen } from './listen.ts';
import { openLog, type StackLog } from './log.ts';
import { startQueueSource } from './queue-source.ts';
import { startS3Server } from './s3/server.ts';
import { Queue } from './sqs/queue.ts';
import { sqsService } from './sqs/service.ts';
import { readKept, StartUpError, useFolder } from './start-up.ts';
import { startStreamSource } from './stream-source.ts';
import { shapeOf } from './table-shape.ts';
import { type Json, readAssembly } from './template.ts';
import { startUnkindDatabase, type UnkindDatabase } from './unkind/database.ts';

/** Milliseconds for which a call may stand at a breakpoint. */
const DAY = 86_400_000;

export interface StackOptions<Facts extends object> {
  application: Application<Facts>;
  /** TCP port of the API on 127.0.0.1; 0: any free port. */
  port?: number;
  /** Folder that keeps tables, objects, queues and the application's own data between runs; without it they are removed. */
  data?: string | undefined;
  /** A running DynamoDB Local. It still runs after the stack has ended. */
  database?: DynamoDbLocal;
  /** Starts DynamoDB Local for minutes of load; see `DynamoDbLocalOptions`. */
  peak?: boolean;
  /** Shows no line per call on the console. */
  quiet?: boolean;
  /** Folder of a cloud assembly. Default: the application's. */
  assembly?: string;
  /** Function processes that may run at the same time (default 32). Each takes about 30 MB. */
  instances?: number;
  /** Folder of `functions.log` and `dlq.ndjson`. Default: the application's. */
  logs?: string;
  /** Aborts the start, which then throws after it has ended what it had started. */
  signal?: AbortSignal;
  /** False: functions may do everything, whatever their policies say. */
  iam?: boolean;
  /**
   * Runs the functions as threads of this process, from bundles with source maps, and without time-outs, so that a
   * debugger on this process stops in them.
   */
  inspect?: boolean;
  /** Seed of an unkind database between the functions and DynamoDB Local. Without it there is none. */
  unkind?: number | undefined;
  /** Measures what each invocation spends its time on. */
  measures?: StackMeasures;
  /** Receives a line for each step of the start. */
  onProgress?(step: string): void;
  /** Called when a server that the stack needs has ended by itself. */
  onBroken?(reason: string): void;
}

interface StackMeasures {
  onInvocation(definition: FunctionDefinition, invocation: Measured): void;
  /** A request that DynamoDB Local answered to a function, as long as this process waited for it (ms); needs `iam`. */
  onDatabase(definition: FunctionDefinition, took: number): void;
}

/** The content of `stack.json`. */
export type StackDescription<Facts extends object> = Facts & {
  api_endpoint: string;
  dynamodb_endpoint: string;
  s3_endpoint: string;
  sqs_endpoint: string;
  eventbridge_endpoint: string;
  /** The first table and the first bucket of the templates. */
  table_name: string;
  bucket_name: string;
};

export interface Stack<Facts extends object = object> {
  description: StackDescription<Facts>;
  /** Process id of DynamoDB Local. */
  javaPid: number;
  /** The functions as the templates define them. */
  functions: FunctionDefinition[];
  /** Grants of the functions, used or not, and AWS's sentences about refused calls; both empty without `iam`. */
  permissions: { grants: ReturnType<Authorizer['grants']>; refused: readonly string[] };
  /** Undefined without the option `unkind`. */
  unkind: UnkindDatabase | undefined;
  /** Ends everything that the stack started. */
  close(): Promise<void>;
}

/**
 * Starts the stack and waits until it serves. If the start fails, it ends what it had started.
 * @throws StartUpError with a sentence for a person (port taken, no Java, a template that cannot be served), or any
 * other error
 */
export async function startStack<Facts extends object>(options: StackOptions<Facts>): Promise<Stack<Facts>> {
  const closers = new Closers();
  const abort = () => closers.close();
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    return await start(options, closers);
  } catch (error) {
    await closers.close();
    throw error;
  } finally {
    options.signal?.removeEventListener('abort', abort);
  }
}

async function start<Facts extends object>(options: StackOptions<Facts>, closers: Closers): Promise<Stack<Facts>> {
  const { application, port = 0, data, quiet = false, logs = application.folder } = options;
  const { onProgress = () => {}, onBroken = () => {} } = options;
  const since = stopwatch();

  // The port comes first: if it is taken, nothing else needs to start.
  const gateway = createGatewayServer();
  const endpoint = await listenOn(gateway.server, port);
  closers.add(async () => {
    gateway.server.close();
    gateway.server.closeAllConnections();
  });

  // Queues and event buses. It listens before the templates are read, because they contain the URLs of queues.
  const messaging = createJsonServer();
  const messagingEndpoint = await listen(messaging.server);
  closers.add(() => closeServer(messaging.server));

  if (data) for (const part of ['dynamodb', 's3', 'sqs', '']) useFolder(join(data, part));
  const folder = await mkdtemp(join(tmpdir(), `${application.name}-`));
  closers.add(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const endpoints = { api: endpoint, queues: messagingEndpoint };
  const { database, deployment, authorizer } = await startDatabaseAndRead(options, endpoints, folder, closers, since);
  options.signal?.throwIfAborted();
  database.ended.then(() => closers.closing || onBroken('DynamoDB Local has ended.'));

  const client = database.client();
  closers.add(async () => client.destroy());
  const unkind = options.unkind === undefined ? undefined : await startUnkind(options.unkind, database, deployment);
  if (unkind) {
    closers.add(() => unkind.close());
    onProgress(`The database is unkind to the functions, by seed ${options.unkind}`);
  }
  await createTables(deployment, client, unkind !== undefined);

  const log = openLog(logs, application, quiet ? () => {} : console.log);
  closers.add(log.close);
  const credentials = credentialsFor(deployment.functions);
  const refused: string[] = [];
  const refusal = authorizer && reportRefusals(authorizer, refused, log);
  const s3 = await startS3Server({
    folder: join(data ?? folder, 's3'),
    buckets: deployment.buckets,
    credentials,
    refusal,
    onCreated: (object) =>
      deployment.buckets.find(({ name }) => name === object.bucket)?.sendsEvents &&
      buses.publish('default', objectCreated(object)),
  });
  closers.add(s3.close);
  const behindGate = (unkind ?? database).endpoint;
  const { measures } = options;
  const byKey = new Map(deployment.functions.map((definition) => [definition.accessKeyId, definition]));
  const onPassed = (key: string, took: number) => {
    const caller = byKey.get(key);
    if (caller) measures?.onDatabase(caller, took);
  };
  const gate =
    refusal && (await startDynamoDbGate({ endpoint: behindGate, credentials, refusal, ...(measures && { onPassed }) }));
  if (gate) closers.add(gate.close);
  const pool = createFunctionPool({
    endpoints: {
      dynamodb: gate?.endpoint ?? behindGate,
      s3: s3.endpoint,
      sqs: messagingEndpoint,
      eventbridge: messagingEndpoint,
      lambda: messagingEndpoint,
    },
    credentialsOf: credentials,
    ...(options.instances && { instances: options.instances }),
    ...(options.inspect && { inspect: true }),
    ...(measures && { measured: true, onMeasured: measures.onInvocation }),
    instancesPerFunction: instancesPerFunction(deployment),
    // Without these permissions Lambda drops the lines of a function and reports no error.
    onLine: (definition, line) =>
      refusal?.(definition.accessKeyId, logPermissions(definition)) ?? log.functionLine(definition.name, line),
  });
  closers.add(pool.close);
  const queues = openQueues(deployment, data);
  const invoke = async (target: FunctionDefinition, event: Json, source: string) => {
    const outcome = await pool.invoke(target, event);
    if (!closers.closing) log.event(source, target.name, outcome);
    return outcome;
  };
  /** Sends what failed in all attempts to the queue of the templates, too, if there is one. */
  const toDeadLetters = (target: FunctionDefinition, mapping: string | undefined, record: Json) => {
    const isDestination = (each: Deployment['failureDestinations'][number]) =>
      each.function === target && each.mapping === mapping;
    const queue = queues.get(deployment.failureDestinations.find(isDestination)?.arn ?? '');
    queue?.send({ MessageBody: JSON.stringify(record) }, target.accessKeyId);
  };
  const buses = startEventBuses({
    rules: deployment.eventRules,
    queues,
    invoke,
    onDiscard(target, event, outcome, attempts) {
      log.deadLetter(event.source ?? 'event', target.name, event, outcome);
      toDeadLetters(target, undefined, invocationFailure(target, event, outcome, attempts));
    },
  });
  closers.add(buses.close);
  messaging.serve({
    credentials,
    refusal,
    services: {
      AmazonSQS: sqsService(queues, messagingEndpoint),
      AWSEvents: putEventsService(buses),
      Lambda: invokeService(deployment.functions, buses.invokeLater),
    },
  });
  for (const mapping of deployment.streamMappings)
    followStream(mapping, { client, endpoint: database.endpoint, invoke, log, toDeadLetters, data }, closers);
  for (const mapping of deployment.queueMappings) {
    const source = startQueueSource({
      mapping,
      queue: queues.get(mapping.queueArn)!,
      invoke: (event) => invoke(mapping.function, event, `queue (${event.Records.length})`),
    });
    closers.add(source.close);
  }

  const table = deployment.tables[0]?.name ?? '';
  const facts = await application.prepare(client, table, data);
  options.signal?.throwIfAborted();
  // Closed first, so that no new call arrives while the rest ends.
  closers.add(async () => gateway.server.close());
  gateway.serve({ api: deployment.api, pool, onAccess: log.access, documents: application.documents?.(facts) });
  for (const { key, permitted } of deployment.api.routes) {
    if (!permitted) onProgress(`Warning: no permission lets the API call the function of ${key}; it will answer 500.`);
  }
  onProgress(`Ready (${since()})`);
  return {
    description: {
      api_endpoint: endpoint,
      ...facts,
      dynamodb_endpoint: database.endpoint,
      s3_endpoint: s3.endpoint,
      sqs_endpoint: messagingEndpoint,
      eventbridge_endpoint: messagingEndpoint,
      table_name: table,
      bucket_name: deployment.buckets[0]?.name ?? '',
    },
    javaPid: database.pid,
    functions: deployment.functions,
    permissions: { grants: authorizer?.grants() ?? [], refused },
    unkind,
    close: () => closers.close(),
  };
}

/** A function with many routes is called as often as many functions: as many instances as routes, from 4 to 16. */
function instancesPerFunction({ api }: Deployment): (definition: FunctionDefinition) => number {
  const routes = Map.groupBy(api.routes, (route) => route.function);
  return (definition) => Math.min(16, Math.max(4, routes.get(definition)?.length ?? 0));
}

/** Starts DynamoDB Local while the templates are made and read. */
async function startDatabaseAndRead<Facts extends object>(
  options: StackOptions<Facts>,
  endpoints: { api: string; queues: string },
  folder: string,
  closers: Closers,
  since: () => string,
) {
  const { data, peak = false, iam = true, onProgress = () => {} } = options;
  const reading = (async () => {
    const directory = options.assembly ?? (await copyOfAssembly(options, folder, closers));
    const deployment = readDeployment(readAssembly(directory, endpoints));
    if (options.inspect) for (const route of deployment.api.routes) route.timeout = DAY;
    onProgress(
      `Templates read: ${deployment.api.routes.length} routes, ${deployment.functions.length} functions (${since()})`,
    );
    const authorizer = iam ? createAuthorizer(deployment.functions) : undefined;
    if (authorizer) checkRoles(deployment, authorizer);
    return { deployment, authorizer };
  })();
  // A given assembly is read at once: its errors show before a database starts.
  if (options.assembly) await reading;
  const startDatabase = async () => {
    const started = await startDynamoDbLocal({ dataDir: data && join(data, 'dynamodb'), peak });
    closers.add(started.close);
    onProgress(`DynamoDB Local is ready (${since()})`);
    return started;
  };
  const starting = options.database ? Promise.resolve(options.database) : startDatabase();
  // When one fails, the other is ended at once. The start fails only after both have settled.
  const [database, read] = await Promise.all([starting, reading]).catch(async (error) => {
    await Promise.all([closers.close(), ...[starting, reading].map((step) => step.catch(() => {}))]);
    throw error;
  });
  return { database, ...read };
}

/** Copies the application's assembly into the folder, so that no later start removes it. */
async function copyOfAssembly(
  { application, inspect, onProgress }: StackOptions<object>,
  folder: string,
  closers: Closers,
): Promise<string> {
  const making = new AbortController();
  closers.add(async () => making.abort());
  const assembly = await application.assembly({
    ...(onProgress && { onProgress }),
    ...(inspect && { inspect }),
    signal: making.signal,
  });
  // Editors read the maps of the bundles before these run, so they must know where they are.
  const copy = inspect ? join(application.folder, 'inspected') : join(folder, 'assembly');
  await rm(copy, { recursive: true, force: true });
  await cp(assembly, copy, { recursive: true });
  return copy;
}

function startUnkind(seed: number, { endpoint }: DynamoDbLocal, { tables }: Deployment): Promise<UnkindDatabase> {
  const shapes = new Map(tables.map(({ name, properties }) => [name, shapeOf(properties)]));
  return startUnkindDatabase(endpoint, { seed, tables: (name = '') => shapes.get(name) });
}

/** @param keepsExpired without time to live: DynamoDB Local removes an expired item within seconds, AWS within days */
async function createTables({ tables }: Deployment, client: DynamoDBClient, keepsExpired: boolean) {
  for (const { name, properties } of tables) {
    const { TimeToLiveSpecification: ttl } = properties;
    const disabled = keepsExpired && ttl && { TimeToLiveSpecification: { ...ttl, Enabled: false } };
    await createTable(client, { ...properties, ...disabled }, name);
  }
}

/** The authorizer's `refusal`, which also adds each sentence to `refused`, once, and each refused call to the log. */
function reportRefusals(authorizer: Authorizer, refused: string[], log: StackLog): Authorizer['refusal'] {
  return (accessKeyId, permissions) => {
    const sentence = authorizer.refusal(accessKeyId, permissions);
    // S3 checks this permission itself where an object is missing. The function did not ask to list.
    if (sentence && !sentence.includes('perform: s3:ListBucket ')) {
      if (!refused.includes(sentence)) refused.push(sentence);
      log.refusal(sentence);
    }
    return sentence;
  };
}

/** The queues of the templates by ARN, with the messages that an earlier run kept. */
function openQueues({ queues: definitions }: Deployment, data: string | undefined): ReadonlyMap<string, Queue> {
  const queues = new Map<string, Queue>();
  for (const definition of definitions) {
    const file = data && join(data, 'sqs', `${definition.name}.ndjson`);
    queues.set(definition.arn, new Queue(definition, { file, queueOf: (arn) => queues.get(arn) }));
  }
  return queues;
}

interface Follower {
  client: DynamoDBClient;
  /** Of DynamoDB Local. */
  endpoint: string;
  invoke(target: FunctionDefinition, event: Json, source: string): Promise<Outcome>;
  log: StackLog;
  toDeadLetters(target: FunctionDefinition, mapping: string, record: Json): void;
  data: string | undefined;
}

function followStream(mapping: StreamMapping, follower: Follower, closers: Closers) {
  const { client, endpoint, invoke, log, toDeadLetters, data } = follower;
  const target = mapping.function;
  const file = data && join(data, `position-${mapping.id}.json`);
  const source = startStreamSource({
    mapping,
    client,
    endpoint,
    invoke: (event) => invoke(target, event, `stream (${event.Records.length})`),
    onDiscard(batch) {
      log.deadLetter('stream', target.name, { Records: batch.records }, batch.outcome);
      toDeadLetters(target, mapping.id, streamFailure(target, batch));
    },
    position: {
      load: () => (file && existsSync(file) ? readKept(file) : {}),
      save: (position) => file && writeFileSync(file, JSON.stringify(position)),
    },
  });
  closers.add(source.close);
}

async function listenOn(server: Server, port: number): Promise<string> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartUpError('PORT must be a number from 0 (any free port) to 65535.');
  }
  return listen(server, port).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new StartUpError(`Port ${port} is taken: choose another one with PORT=…, or PORT=0.`);
    if (error.code === 'EACCES')
      throw new StartUpError(`Port ${port} needs rights that this user lacks: choose another one with PORT=….`);
    throw error;
  });
}

function stopwatch(): () => string {
  const started = Date.now();
  return () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
}
