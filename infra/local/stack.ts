/** The whole product on one machine: started by `npm start`, and in process by tests. */
import { createHmac, randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import type { Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGatewayServer } from './api-gateway.ts';
import { assemblyOfSources } from './assembly.ts';
import { type DemoApps, demoApps } from './demo-apps.ts';
import { type Deployment, type FunctionDefinition, readDeployment } from './deployment.ts';
import { createTable, type DynamoDbLocal, LOCAL_REGION, startDynamoDbLocal } from './dynamodb-local.ts';
import { createFunctionPool } from './function-pool.ts';
import { type Authorizer, createAuthorizer, logPermissions } from './iam/authorizer.ts';
import { startDynamoDbGate } from './iam/dynamodb-gate.ts';
import { openLog } from './log.ts';
import { startS3Server } from './s3/server.ts';
import type { CreatedObject } from './s3/service.ts';
import type { Credentials } from './s3/signature.ts';
import { readKept, StartUpError, useFolder } from './start-up.ts';
import { startStreamSource } from './stream-source.ts';
import { shapeOf } from './table-shape.ts';
import { type Json, LOCAL_ACCOUNT, readAssembly } from './template.ts';
import { startUnkindDatabase, type UnkindDatabase } from './unkind/database.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** Milliseconds before the repetitions of an event whose function failed; Lambda takes minutes. */
const EVENT_RETRIES = [1000, 3000];

export interface StackOptions {
  /** TCP port of the API on 127.0.0.1; 0: any free one. */
  port?: number;
  /** Folder that keeps tables, objects and demo apps between runs; without it they go with the stack. */
  data?: string | undefined;
  /** A DynamoDB Local that is there already, and stays when the stack goes. */
  database?: DynamoDbLocal;
  /** No line a call on the console. */
  quiet?: boolean;
  /** A cloud assembly that is there already; without it that of the sources serves. */
  assembly?: string;
  /** Function processes alive at the same time, at most (default 32); each takes about 30 MB. */
  instances?: number;
  /** Folder of `functions.log` and `dlq.ndjson`. Default `.local`. */
  logs?: string;
  /** Makes the demo apps; absent where the assembly's table is not the product's. */
  makeApps?: typeof demoApps;
  /** Aborts the start, which then throws after it has ended what it had started. */
  signal?: AbortSignal;
  /** False: functions may do everything, whatever their policies say. */
  iam?: boolean;
  /** The seed of an unkind database between the functions and DynamoDB Local; without it the functions use that. */
  unkind?: number | undefined;
  /** Gets a line for each step of the start. */
  onProgress?(step: string): void;
  /** Called when a server that the stack needs has ended by itself. */
  onBroken?(reason: string): void;
}

/** The content of `.local/stack.json`. */
export interface StackDescription extends DemoApps {
  api_endpoint: string;
  dynamodb_endpoint: string;
  s3_endpoint: string;
  table_name: string;
  bucket_name: string;
}

export interface Stack {
  description: StackDescription;
  /** Process id of DynamoDB Local. */
  javaPid: number;
  /** The functions as the templates define them. */
  functions: FunctionDefinition[];
  /** What the functions may do and did, and AWS's sentence about each call that was refused; none without `iam`. */
  permissions: { grants: ReturnType<Authorizer['grants']>; refused: readonly string[] };
  /** Where it was asked for. */
  unkind: UnkindDatabase | undefined;
  /** Ends everything that the stack started. */
  close(): Promise<void>;
}

/**
 * Starts the stack and waits until it serves. On any failure ends what it had started and throws: StartUpError with a
 * sentence for a person (port taken, no Java, a template that cannot be served), or what else went wrong.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
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

/** What has to be ended, the youngest first. What is added while it closes is ended by the next `close`. */
class Closers {
  closing = false;
  readonly #closers: (() => Promise<unknown>)[] = [];
  #closed: Promise<void> = Promise.resolve();

  add(closer: () => Promise<unknown>) {
    this.#closers.push(closer);
  }

  close(): Promise<void> {
    this.closing = true;
    this.#closed = this.#closed.then(async () => {
      for (let closer = this.#closers.pop(); closer; closer = this.#closers.pop()) await closer();
    });
    return this.#closed;
  }
}

async function start(options: StackOptions, closers: Closers): Promise<Stack> {
  const { port = 0, data, quiet = false, iam = true, logs = join(ROOT, '.local'), makeApps = demoApps } = options;
  const { onProgress = () => {}, onBroken = () => {} } = options;
  const since = stopwatch();

  // The port first: if it is taken, nothing else has to be started to find out.
  const gateway = createGatewayServer();
  const endpoint = await listen(gateway.server, port);
  closers.add(async () => {
    gateway.server.close();
    gateway.server.closeAllConnections();
  });

  if (data) for (const part of ['dynamodb', 's3', '']) useFolder(join(data, part));
  const folder = await mkdtemp(join(tmpdir(), 'roster-'));
  closers.add(() => rm(folder, { recursive: true, force: true, maxRetries: 3 }));
  const reading = (async () => {
    const directory = options.assembly ?? (await copyOfAssembly(folder, onProgress, closers));
    const deployment = readDeployment(readAssembly(directory, { apiEndpoint: endpoint }));
    onProgress(
      `Templates read: ${deployment.api.routes.length} routes, ${deployment.functions.length} functions (${since()})`,
    );
    const authorizer = iam ? createAuthorizer(deployment.functions) : undefined;
    if (authorizer) checkRoles(deployment, authorizer);
    return { deployment, authorizer };
  })();
  // What is wrong with an assembly that is there shows at once, without a database.
  if (options.assembly) await reading;
  const startDatabase = async () => {
    const started = await startDynamoDbLocal({ dataDir: data && join(data, 'dynamodb') });
    closers.add(started.close);
    onProgress(`DynamoDB Local is ready (${since()})`);
    return started;
  };
  const starting = options.database ? Promise.resolve(options.database) : startDatabase();
  // A failure of one ends the other at once; both must have come to an end before the stack gives up.
  const [database, { deployment, authorizer }] = await Promise.all([starting, reading]).catch(async (error) => {
    await Promise.all([closers.close(), ...[starting, reading].map((step) => step.catch(() => {}))]);
    throw error;
  });
  options.signal?.throwIfAborted();
  database.ended.then(() => closers.closing || onBroken('DynamoDB Local has ended.'));

  const client = database.client();
  closers.add(async () => client.destroy());
  const shapes = new Map(deployment.tables.map(({ name, properties }) => [name, shapeOf(properties)]));
  const unkind =
    options.unkind === undefined
      ? undefined
      : await startUnkindDatabase(database.endpoint, {
          seed: options.unkind,
          tables: (name = '') => shapes.get(name),
        });
  if (unkind) {
    closers.add(() => unkind.close());
    onProgress(`The database is unkind to the functions, by seed ${options.unkind}`);
  }
  for (const { name, properties } of deployment.tables) {
    const { TimeToLiveSpecification: ttl } = properties;
    // DynamoDB Local removes an expired item within seconds; on AWS it may stay for days.
    const kept = unkind && ttl ? { ...properties, TimeToLiveSpecification: { ...ttl, Enabled: false } } : properties;
    await createTable(client, kept, name);
  }

  const log = openLog(logs, quiet ? () => {} : console.log);
  closers.add(log.close);
  const credentialsOf = localCredentials(deployment.functions);
  const refused: string[] = [];
  const refusal: Authorizer['refusal'] | undefined =
    authorizer &&
    ((accessKeyId, permissions) => {
      const said = authorizer.refusal(accessKeyId, permissions);
      // S3 itself asks this where an object is missing: no fault of the function.
      if (said && !said.includes('perform: s3:ListBucket ')) {
        refused.push(said);
        log.refusal(said);
      }
      return said;
    });
  const s3 = await startS3Server({
    folder: join(data ?? folder, 's3'),
    buckets: deployment.buckets,
    credentials: credentialsOf,
    refusal,
    onCreated: (object) => notify(object),
  });
  closers.add(s3.close);
  const behindGate = (unkind ?? database).endpoint;
  const gate = refusal && (await startDynamoDbGate({ endpoint: behindGate, credentials: credentialsOf, refusal }));
  if (gate) closers.add(gate.close);
  const pool = createFunctionPool({
    endpoints: { dynamodb: gate?.endpoint ?? behindGate, s3: s3.endpoint },
    credentialsOf,
    ...(options.instances && { instances: options.instances }),
    // Without these permissions Lambda keeps no log, and says nothing of it.
    onLine: (definition, line) =>
      refusal?.(definition.accessKeyId, logPermissions(definition)) ?? log.functionLine(definition.name, line),
  });
  closers.add(pool.close);

  /** Sends an S3 event by EventBridge to the functions of the rules it matches, as asynchronous invocations. */
  const notify = (object: CreatedObject) => {
    if (!deployment.buckets.find(({ name }) => name === object.bucket)?.sendsEvents) return;
    const event = objectCreated(object);
    for (const target of deployment.eventRules.flatMap((rule) => (rule.matches(event) ? rule.functions : []))) {
      invokeWithRetries('s3', target, event).catch((error) => console.error(error));
    }
  };
  const invokeWithRetries = async (source: string, target: FunctionDefinition, event: Json) => {
    for (const delay of [...EVENT_RETRIES, undefined]) {
      const outcome = await pool.invoke(target, event);
      if (closers.closing) return;
      log.event(source, target.name, outcome);
      if (outcome.ok) return;
      if (delay === undefined) log.deadLetter(source, target.name, event, outcome);
      else await sleep(delay, undefined, { ref: false });
    }
  };

  for (const mapping of deployment.streamMappings) {
    const target = mapping.function;
    const file = data && join(data, `position-${mapping.id}.json`);
    const source = startStreamSource({
      mapping,
      client,
      endpoint: database.endpoint,
      async invoke(event) {
        const outcome = await pool.invoke(target, event);
        if (!closers.closing) log.event(`stream (${event.Records.length})`, target.name, outcome);
        return outcome;
      },
      onDiscard: (records, outcome) => log.deadLetter('stream', target.name, { Records: records }, outcome),
      position: {
        load: () => (file && existsSync(file) ? readKept(file) : {}),
        save: (position) => file && writeFileSync(file, JSON.stringify(position)),
      },
    });
    closers.add(source.close);
  }

  const table = deployment.tables[0]?.name ?? '';
  const apps = await makeApps(client, table, data);
  options.signal?.throwIfAborted();
  // Closed first: nobody new comes in while the rest goes.
  closers.add(async () => gateway.server.close());
  gateway.serve({ api: deployment.api, pool, onAccess: log.access, demo: apps });
  for (const { key, permitted } of deployment.api.routes) {
    if (!permitted) onProgress(`Warning: no permission lets the API call the function of ${key}; it will answer 500.`);
  }
  onProgress(`Ready (${since()})`);
  return {
    description: {
      api_endpoint: endpoint,
      ...apps,
      dynamodb_endpoint: database.endpoint,
      s3_endpoint: s3.endpoint,
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

/** Bundles and synthesizes where a source has changed; gives the folder of a copy, which no later start removes. */
async function copyOfAssembly(folder: string, onProgress: (step: string) => void, closers: Closers): Promise<string> {
  const making = new AbortController();
  closers.add(async () => making.abort());
  const { assembly } = await assemblyOfSources({ onProgress, signal: making.signal });
  const copy = join(folder, 'assembly');
  await cp(assembly, copy, { recursive: true });
  return copy;
}

async function listen(server: Server, port: number): Promise<string> {
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new StartUpError('PORT must be a number from 0 (any free port) to 65535.');
  }
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'EADDRINUSE')
      throw new StartUpError(`Port ${port} is taken: choose another one with PORT=…, or PORT=0.`);
    if (error.code === 'EACCES')
      throw new StartUpError(`Port ${port} needs rights that this user lacks: choose another one with PORT=….`);
    throw error;
  });
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`;
}

/** Each function has a key, secret and session token of its own; `local` is for people and tools. */
function localCredentials(functions: FunctionDefinition[]): (accessKeyId: string) => Credentials | undefined {
  const seed = randomBytes(32);
  const derive = (purpose: string, accessKeyId: string) =>
    createHmac('sha256', seed).update(`${purpose} ${accessKeyId}`).digest('base64');
  const known = new Set(functions.map(({ accessKeyId }) => accessKeyId));
  return (accessKeyId) => {
    if (accessKeyId === 'local') return { secretAccessKey: 'local' };
    if (!known.has(accessKeyId)) return undefined;
    return { secretAccessKey: derive('secret', accessKeyId), sessionToken: derive('session', accessKeyId) };
  };
}

/**
 * What Lambda checks of roles when it makes stream mappings and destinations: that they may read the stream and put
 * there what failed.
 * @throws StartUpError in Lambda's words
 */
function checkRoles({ streamMappings, failureDestinations }: Deployment, { refusal }: Authorizer) {
  for (const { function: reader, streamArn } of streamMappings) {
    const needed = ['DescribeStream', 'GetRecords', 'GetShardIterator', 'ListStreams'];
    const permissions = needed.map((action) => ({ action: `dynamodb:${action}`, resource: streamArn }));
    if (!refusal(reader.accessKeyId, permissions)) continue;
    throw new StartUpError(
      `${reader.name}: Cannot access stream ${streamArn}. Please ensure the role can perform the GetRecords, ` +
        'GetShardIterator, DescribeStream, and ListStreams Actions on your stream in IAM.',
    );
  }
  for (const { function: sender, arn } of failureDestinations) {
    const service = arn.split(':')[2] ?? '';
    const action = DESTINATION_ACTIONS[service];
    if (!action) throw new StartUpError(`The laptop stack knows no destination ${arn}.`);
    if (!refusal(sender.accessKeyId, [{ action: `${service}:${action}`, resource: arn }])) continue;
    throw new StartUpError(
      `${sender.name}: The function's role does not have permissions to call ${action} on ${arn}.`,
    );
  }
}

const DESTINATION_ACTIONS: Record<string, string> = {
  sqs: 'SendMessage',
  sns: 'Publish',
  lambda: 'InvokeFunction',
  events: 'PutEvents',
};

const REASONS = {
  'ObjectCreated:Put': 'PutObject',
  'ObjectCreated:Post': 'POST Object',
  'ObjectCreated:Copy': 'CopyObject',
} as const;

/** The event as EventBridge has it: https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html */
function objectCreated(object: CreatedObject) {
  const { bucket, key, size, etag, eventName, accessKeyId, sourceIp, requestId, lastModified } = object;
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': 'Object Created',
    source: 'aws.s3',
    account: LOCAL_ACCOUNT,
    time: new Date(lastModified).toISOString().replace(/\.\d+Z$/, 'Z'),
    region: LOCAL_REGION,
    resources: [`arn:aws:s3:::${bucket}`],
    detail: {
      version: '0',
      bucket: { name: bucket },
      object: { key, size, etag, sequencer: lastModified.toString(16).toUpperCase().padStart(18, '0') },
      'request-id': requestId,
      requester: accessKeyId,
      'source-ip-address': sourceIp,
      reason: REASONS[eventName],
    },
  };
}

function stopwatch(): () => string {
  const started = Date.now();
  return () => `${((Date.now() - started) / 1000).toFixed(1)} s`;
}
