/**
 * Sustained traffic on the laptop stack, over HTTP on loopback: which operations are slow and what their time goes to,
 * and whether any process grows.
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaptopDescription } from '../infra/laptop/roster.ts';
import { overHttp } from '../test/support/api.ts';
import { TestBucket } from '../test/support/bucket.ts';
import { tableAt } from '../test/support/database.ts';
import { Given } from '../test/support/story.ts';
import type { Invocations, StackReport } from './load-stack.ts';
import { type Made, settle, use } from './load-traffic.ts';
import { type Growth, growths, type MemorySample } from './memory.ts';
import { quantile, rounded } from './statistics.ts';
import { isLinux, javaHeap, type ProcessState, processesOf } from './system.ts';

const CLIENTS = 16;
/** Samples of memory in the time after which processes should not grow: one in ten seconds of the run, but so many. */
const SAMPLES = 6;
/** Every so many samples, Java collects its garbage, which stops it for a moment. */
const COLLECTED = 2;

/** Milliseconds per call: the parts of its mean. */
export interface Parts {
  /** Connection, gateway and the way to the instance and back. */
  gateway: number;
  /** Until a loaded instance took the event. */
  instance: number;
  /** In the function, without what follows. */
  function: number;
  /** On the way to DynamoDB Local and back: the gate, which checks permissions. */
  gate: number;
  database: number;
}

export interface LoadedOperation {
  calls: number;
  /** Instances that were started. */
  cold: number;
  p50: number;
  p99: number;
  mean: number;
  parts: Parts;
  /** Milliseconds of processor time of the function per call. */
  processor: number;
}

export interface LoadResults {
  seconds: number;
  clients: number;
  calls: number;
  callsPerSecond: number;
  errors: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  operations: Record<string, LoadedOperation>;
  /** The mean of all calls. */
  parts: Parts;
  /** Seconds of processor time; Linux only. */
  processor: Record<ProcessState['kind'] | 'clients', number> | undefined;
  /** Processes that lived from so many seconds on until the end; Linux only. */
  memory: { from: number; processes: Growth[] } | undefined;
}

/** @returns also the failures, each with its number */
export async function measureLoad(seconds: number): Promise<{ results: LoadResults; failures: Map<string, number> }> {
  const folder = await mkdtemp(join(tmpdir(), 'roster-load-'));
  const stack = fork(join(import.meta.dirname, 'load-stack.ts'), [join(folder, 'logs'), join(folder, 'data')], {
    execArgv: ['--expose-gc'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const report = async (wish: 'reset' | 'report') => {
    stack.send(wish);
    const [answer] = (await once(stack, 'message')) as [StackReport];
    return answer;
  };
  try {
    const [description] = (await once(stack, 'message')) as [LaptopDescription];
    const { api_endpoint, dynamodb_endpoint, s3_endpoint, table_name, bucket_name } = description;
    const given = await Given.app({
      api: overHttp(api_endpoint),
      table: tableAt(dynamodb_endpoint, table_name),
      bucket: new TestBucket(s3_endpoint, bucket_name),
    });
    const { clients, town } = await settle(given, CLIENTS);
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    const run = (until: number, onMade?: (made: Made) => void) =>
      Promise.all(clients.map((client) => use(client, town, api_endpoint, agent, until, onMade)));
    // Warm-up, not counted: instances start and code is compiled.
    await run(performance.now() + Math.min(10_000, seconds * 500));
    await report('reset');

    const from = Math.round(seconds / 4);
    const usage = new Usage(stack.pid!);
    const ownBefore = process.cpuUsage();
    const made: Made[] = [];
    const begun = performance.now();
    const span = { begun, from: begun + from * 1000, until: begun + seconds * 1000 };
    const watching = watch(stack.pid!, usage, span, () => report('report'));
    await run(span.until, (call) => made.push(call));
    const took = (performance.now() - begun) / 1000;
    const own = process.cpuUsage(ownBefore);
    usage.read();
    const samples = await watching;
    const { functions } = await report('report');
    agent.destroy();

    const failures = new Map<string, number>();
    for (const { id, failure } of made) {
      if (failure) failures.set(`${id}: ${failure}`, (failures.get(`${id}: ${failure}`) ?? 0) + 1);
    }
    const times = made.map((call) => call.took).sort((a, b) => a - b);
    const operations = Object.fromEntries(
      [...Map.groupBy(made, ({ id }) => id)].map(([id, calls]) => [id, operationOf(calls, functions[id])]),
    );
    const results: LoadResults = {
      ...{ seconds, clients: CLIENTS, calls: made.length, callsPerSecond: rounded(made.length / took, 0) },
      errors: made.filter(({ failure }) => failure).length,
      p50: rounded(quantile(times, 0.5), 1),
      p99: rounded(quantile(times, 0.99), 1),
      operations,
      parts: meanOf(Object.values(operations)),
      processor: isLinux ? { ...usage.spent(), clients: rounded((own.user + own.system) / 1e6, 1) } : undefined,
      memory: isLinux ? { from, processes: growths(samples) } : undefined,
    };
    return { results, failures };
  } finally {
    stack.disconnect();
    await once(stack, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}

function operationOf(calls: Made[], sums: Invocations | undefined): LoadedOperation {
  const times = calls.map(({ took }) => took).sort((a, b) => a - b);
  const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
  const { count, cold, waited, wall, database, requests, local, processor } = sums ?? NOTHING;
  const each = (sum: number) => (count > 0 ? sum / count : 0);
  // Requests may run at the same time, so of the time with any of them, the share of DynamoDB Local is that of the sums.
  const share = requests > 0 ? Math.min(1, local / requests) : 0;
  const parts: Parts = {
    gateway: Math.max(0, mean - each(waited) - each(wall)),
    instance: each(waited),
    function: each(wall - database),
    gate: each(database) * (1 - share),
    database: each(database) * share,
  };
  return {
    ...{ calls: times.length, cold, p50: rounded(quantile(times, 0.5), 1), p99: rounded(quantile(times, 0.99), 1) },
    ...{ mean: rounded(mean, 1), parts: roundedParts(parts), processor: rounded(each(processor)) },
  };
}

const NOTHING: Invocations = {
  ...{ count: 0, cold: 0, waited: 0, wall: 0, database: 0, requests: 0, local: 0, processor: 0 },
};

function meanOf(operations: LoadedOperation[]): Parts {
  const calls = operations.reduce((sum, operation) => sum + operation.calls, 0);
  const mean = (part: keyof Parts) =>
    operations.reduce((sum, operation) => sum + operation.parts[part] * operation.calls, 0) / calls;
  return roundedParts({
    ...{ gateway: mean('gateway'), instance: mean('instance'), function: mean('function') },
    ...{ gate: mean('gate'), database: mean('database') },
  });
}

const roundedParts = (parts: Parts) =>
  Object.fromEntries(Object.entries(parts).map(([name, ms]) => [name, rounded(ms, 1)])) as unknown as Parts;

/** Processor time since it was made, also of processes that have ended: what they used until they were last read. */
class Usage {
  readonly #root: number;
  readonly #before: Map<number, number>;
  readonly #last = new Map<number, ProcessState>();

  constructor(root: number) {
    this.#root = root;
    this.#before = new Map(processesOf(root).map(({ pid, processor }) => [pid, processor]));
  }

  read(): ProcessState[] {
    const states = processesOf(this.#root);
    for (const state of states) this.#last.set(state.pid, state);
    return states;
  }

  spent(): Record<ProcessState['kind'], number> {
    const sums = { database: 0, stack: 0, function: 0 };
    for (const { pid, kind, processor } of this.#last.values()) sums[kind] += processor - (this.#before.get(pid) ?? 0);
    return { database: rounded(sums.database, 1), stack: rounded(sums.stack, 1), function: rounded(sums.function, 1) };
  }
}

/** Samples the memory at even intervals between two times, and the processor time every second. */
async function watch(
  root: number,
  usage: Usage,
  { begun, from, until }: Record<'begun' | 'from' | 'until', number>,
  report: () => Promise<StackReport>,
): Promise<MemorySample[]> {
  const samples: MemorySample[] = [];
  const count = Math.max(SAMPLES, Math.floor((until - begun) / 10_000));
  const interval = (until - from) / count;
  let next = from + interval / 2;
  for (let n = 0; n < count; ) {
    const states = usage.read();
    if (performance.now() >= next) {
      const java = states.find(({ kind }) => kind === 'database');
      const [{ heap, heaps }, ofJava] = await Promise.all([
        report(),
        java && n % COLLECTED === 0 ? javaHeap(java.pid) : undefined,
      ]);
      const MB = 2 ** 20;
      for (const { pid, name, kind, resident } of states) {
        const bytes = pid === root ? heap : heaps[pid];
        const live = kind === 'database' ? ofJava : bytes && bytes / MB;
        samples.push({ pid, name, at: n, resident, ...(live !== undefined && { heap: live }) });
      }
      n += 1;
      next += interval;
    }
    await sleep(Math.min(1000, Math.max(10, next - performance.now())));
  }
  return samples;
}
