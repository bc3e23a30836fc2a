import { createHash, randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import fc from 'fast-check';
import type { LaptopDescription } from '../../infra/laptop/roster.ts';
import type { OperatorTable } from '../../shared/data/operator-queries.ts';
import * as schema from '../../shared/data/schema.ts';
import type { AppId } from '../../shared/ids.ts';
import { type Method, type Operation, routes } from '../../shared/routes/index.ts';
import { type Answer, demandDescribed, overHttp } from '../support/api.ts';
import { TestBucket } from '../support/bucket.ts';
import { tableAt } from '../support/database.ts';
import { Given } from '../support/story.ts';
import { newCast } from './cast.ts';
import { requestsOf, type Tenant, type WireRequest } from './request.ts';

export interface FuzzOptions {
  seed: number;
  requests: number;
  /** Repeats only this request, and those before it with the same people. */
  only?: number;
  /** Milliseconds after which no request is sent any more. */
  most?: number;
  onProgress?(line: string): void;
}

export interface FuzzReport {
  sent: number;
  /** Answers by status and code. */
  answers: Map<string, number>;
  /** Everything that is not as it must be; the number is that of the request. */
  failures: { request?: number; what: string; wire?: string }[];
  /** Most bytes that a process of a function took, as samples saw it, by function; empty where there is no /proc. */
  memory: Map<string, { bytes: number; limit: number }>;
}

/** Requests with the same people: enough to get far, and few enough that not all people are deleted. */
const SCENE = 100;
/** At once. */
const LANES = 4;
/** Failures after which a run ends early. */
const ENOUGH = 20;
/** Milliseconds that a request may take: the gateway's own limit is 30 s. */
const PATIENCE = 35_000;

/** Sends `requests` generated requests to a laptop stack. The same seed makes the same requests, ids apart. */
export async function fuzz(stack: LaptopDescription, options: FuzzOptions): Promise<FuzzReport> {
  const { seed, only, most = Number.POSITIVE_INFINITY, onProgress = () => {} } = options;
  const until = Date.now() + most;
  const table = tableAt(stack.dynamodb_endpoint, stack.table_name);
  const bucket = new TestBucket(stack.s3_endpoint, stack.bucket_name);
  const world = { api: overHttp(stack.api_endpoint), table, bucket };
  const given = await Given.app(world);
  const neighbour = await Given.app(world);
  const mark = `other_${randomUUID().slice(0, 8)}`;
  const foreign = await newCast(neighbour, mark);
  const before = await settled(table, bucket, foreign.app);
  const report: FuzzReport = { sent: 0, answers: new Map(), failures: [], memory: new Map() };
  const watch = new AbortController();
  const watching = watchMemory(stack, report.memory, watch.signal);

  const first = only === undefined ? 0 : only - (only % SCENE);
  const end = only === undefined ? options.requests : only + 1;
  for (let scene = first; scene < end && !isOver(report, until); scene += SCENE) {
    const own = await newCast(given, `own_${scene}`);
    const arbitraries = new Map<string, fc.Arbitrary<WireRequest>>();
    let next = scene;
    const lane = async () => {
      while (next < Math.min(scene + SCENE, end) && !isOver(report, until)) {
        const number = next++;
        const { route, request } = requestOf(seed, number, own, foreign, arbitraries);
        report.sent++;
        try {
          const answer = await send(stack.api_endpoint, request);
          const kind = judged(route, answer, mark);
          report.answers.set(kind, (report.answers.get(kind) ?? 0) + 1);
        } catch (error) {
          const what = `${request.method} ${route.path}: ${error instanceof Error ? error.message : error}`;
          report.failures.push({ request: number, what, wire: shown(request) });
        }
      }
    };
    await Promise.all(Array.from({ length: only === undefined ? LANES : 1 }, lane));
    if ((scene / SCENE) % 10 === 9) {
      report.failures.push(...changesOf(before, await stateOf(table, bucket, foreign.app)));
      onProgress(`${report.sent} requests, ${report.failures.length} failures`);
    }
  }
  watch.abort();
  await watching;
  report.failures.push(...changesOf(before, await settled(table, bucket, foreign.app)));
  for (const [name, { bytes, limit }] of report.memory)
    if (bytes > limit) report.failures.push({ what: `${name} took ${bytes} bytes of memory, more than ${limit}` });
  if (only === undefined && report.sent < options.requests && report.failures.length < ENOUGH)
    report.failures.push({ what: `the time was over after ${report.sent} of ${options.requests} requests` });
  return report;
}

const isOver = ({ failures }: FuzzReport, until: number) => failures.length >= ENOUGH || Date.now() > until;

/** Hashing makes operations with passwords slow: they come a quarter as often. */
const SLOW = /token\/(user|id|login)|register|password|user\/delete/;
const calls: { route: Operation; method: Method }[] = routes.flatMap((route) =>
  Array.from({ length: SLOW.test(route.path) ? 1 : 4 }, () =>
    route.methods.map((method) => ({ route, method })),
  ).flat(),
);

/** The request of that number: it depends on the seed and on what it can name only. */
function requestOf(
  seed: number,
  number: number,
  own: Tenant,
  foreign: Tenant,
  arbitraries: Map<string, fc.Arbitrary<WireRequest>>,
): { route: Operation; request: WireRequest } {
  const own32 = createHash('sha256').update(`${seed} ${number}`).digest();
  const { route, method } = calls[own32.readUInt32LE(4) % calls.length]!;
  const key = `${method} ${route.path}`;
  const arbitrary = arbitraries.get(key) ?? requestsOf(route, method, own, foreign);
  arbitraries.set(key, arbitrary);
  return { route, request: fc.sample(arbitrary, { seed: own32.readInt32LE(0), numRuns: 1 })[0]! };
}

interface Raw {
  status: number;
  headers: Record<string, string>;
  text: string;
}

function send(endpoint: string, { method, path, headers, body }: WireRequest): Promise<Raw> {
  return new Promise((resolve, reject) => {
    const length = body || method !== 'GET' ? ['content-length', String(body?.length ?? 0)] : [];
    const { hostname, port, host } = new URL(endpoint);
    const request = httpRequest(
      {
        ...{ hostname, port, method, path, headers: ['host', host, ...headers, ...length], timeout: PATIENCE },
        // A connection each: one that is kept may be closed by the server just as the next request takes it.
        agent: false,
      },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers as Record<string, string>,
            text: Buffer.concat(chunks).toString(),
          }),
        );
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer in ${PATIENCE / 1000} s`)));
    request.on('error', reject);
    request.end(body);
  });
}

/** Answers of the gateway itself: header too large, body too large, too many. */
const GATEWAY = new Set([413, 429, 431]);

/** Status and code of an answer that is as it must be. Throws what is wrong with any other. */
function judged(route: Operation, { status, headers, text }: Raw, mark: string): string {
  if (text.includes(mark)) throw new Error(`shows what is another tenant's: ${text.slice(0, 500)}`);
  let body: Answer['body'] | undefined;
  try {
    body = JSON.parse(text);
  } catch {}
  if (GATEWAY.has(status) && body?.code === undefined) return String(status);
  if (status >= 500 && !(status === 503 && headers['retry-after'])) throw new Error(`${status} ${text.slice(0, 500)}`);
  if (body === undefined) throw new Error(`${status} without the envelope: ${text.slice(0, 500)}`);
  demandDescribed(route, { status, headers, body, text });
  // A success without an envelope has no code.
  return `${status} ${route.bare && status === 200 ? 200 : body.code}`;
}

/** What a person needs to see of a request. */
const shown = ({ method, path, headers, body }: WireRequest) =>
  JSON.stringify({ method, path, headers, body: body?.toString('latin1') }).slice(0, 3000);

/** Every item and object of an app, by key, with a digest of all that it holds. */
async function stateOf(table: OperatorTable, bucket: TestBucket, app: string): Promise<Map<string, string>> {
  const state = new Map<string, string>();
  const archived = schema.archiveCursor.key(app as AppId).pk;
  let from: Record<string, unknown> | undefined;
  do {
    const page = await table.client.send(
      new ScanCommand({
        TableName: table.name,
        ConsistentRead: true,
        FilterExpression: 'app = :app OR contains(pk, :app)',
        ExpressionAttributeValues: { ':app': app },
        ...(from && { ExclusiveStartKey: from }),
      }),
    );
    // The archive notes its place each hour, whatever anybody calls.
    for (const item of page.Items ?? [])
      if ((item.app === app || String(item.pk).split('#')[1] === app) && item.pk !== archived)
        state.set(`${item.pk} ${item.sk}`, createHash('sha256').update(canonical(item)).digest('hex'));
    from = page.LastEvaluatedKey;
  } while (from);
  for (const { key, etag } of await bucket.objectsOf(app)) state.set(key, etag);
  return state;
}

/** The same text for the same attributes, in whatever order they came. */
const canonical = (item: Record<string, unknown>): string =>
  JSON.stringify(item, (_, value) => {
    if (value instanceof Set) return [...value].sort();
    if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof Uint8Array)
      return value;
    return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
  });

/** The state once it stays the same: the work behind answers has ended. */
async function settled(table: OperatorTable, bucket: TestBucket, app: string): Promise<Map<string, string>> {
  let state = await stateOf(table, bucket, app);
  for (let tries = 0; tries < 20; tries++) {
    await sleep(1000);
    const later = await stateOf(table, bucket, app);
    if (changesOf(state, later).length === 0) return later;
    state = later;
  }
  throw new Error(`the items of ${app} do not come to rest`);
}

function changesOf(before: Map<string, string>, after: Map<string, string>): { what: string }[] {
  const keys = [...new Set([...before.keys(), ...after.keys()])];
  const changed = keys.filter((key) => before.get(key) !== after.get(key));
  return changed.map((key) => {
    const how = !before.has(key) ? 'came' : !after.has(key) ? 'went' : 'changed';
    return { what: `an item of another tenant ${how}: ${key}` };
  });
}

/**
 * Samples the memory of this stack's function processes until the signal aborts. They are recognised by the address of
 * the S3 server in their environment.
 */
async function watchMemory(
  { s3_endpoint }: LaptopDescription,
  memory: FuzzReport['memory'],
  signal: AbortSignal,
): Promise<void> {
  const MIB = 1024 * 1024;
  while (!signal.aborted) {
    for (const pid of processes()) {
      try {
        const environment = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
        if (!environment.includes(`AWS_ENDPOINT_URL_S3=${s3_endpoint}`)) continue;
        const variable = (name: string) =>
          environment.find((one) => one.startsWith(`${name}=`))?.slice(name.length + 1);
        const kilobytes = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
        const name = variable('AWS_LAMBDA_FUNCTION_NAME') ?? '';
        const bytes = Math.max(Number(kilobytes ?? 0) * 1024, memory.get(name)?.bytes ?? 0);
        memory.set(name, { bytes, limit: Number(variable('AWS_LAMBDA_FUNCTION_MEMORY_SIZE')) * MIB });
      } catch {
        // It has ended, or belongs to somebody else.
      }
    }
    await sleep(2000, undefined, { signal }).catch(() => {});
  }
}

function processes(): string[] {
  try {
    return readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return [];
  }
}
