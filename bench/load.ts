/** Sustained traffic on the laptop stack: 64 clients, four reads per write, over HTTP on loopback. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { Agent, request as httpRequest } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LaptopDescription } from '../infra/laptop/roster.ts';
import { type Method, routes } from '../shared/routes/index.ts';
import { overHttp } from '../test/support/api.ts';
import { TestBucket } from '../test/support/bucket.ts';
import { tableAt } from '../test/support/database.ts';
import { cook } from '../test/support/recipes.ts';
import { Given, type Person } from '../test/support/story.ts';
import type { Recorded } from '../test/support/table-recorder.ts';
import { repeat } from './bare.ts';
import { laboratory } from './laboratory.ts';
import { quantile, rounded } from './statistics.ts';

const CLIENTS = 64;

/** Four reads per write: ids of rows with the parameters of each client. */
const MIX: { id: string; parameters: (group_id: number) => Record<string, unknown> }[] = [
  { id: 'user/profile/get', parameters: () => ({}) },
  { id: 'group/info', parameters: (group_id) => ({ group_id }) },
  { id: 'group/member-list', parameters: (group_id) => ({ group_id }) },
  { id: 'group/user-joined', parameters: () => ({}) },
  { id: 'user/nickname', parameters: () => ({ nick_name: `n${Math.random()}` }) },
];

export interface LoadResults {
  seconds: number;
  clients: number;
  calls: number;
  callsPerSecond: number;
  /** Calls per second if the same number of clients sends the requests directly. */
  barePerSecond: number;
  share: number;
  errors: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /**
   * MB of all processes of the stack, including DynamoDB Local, after a third of the time and at the end; Linux only.
   */
  memory: { early: number; late: number } | undefined;
}

export async function measureLoad(seconds: number): Promise<LoadResults> {
  const onStack = await loadStack(seconds);
  const barePerSecond = await loadBare(Math.max(5, seconds / 4));
  return {
    ...onStack,
    barePerSecond: rounded(barePerSecond, 0),
    share: rounded(onStack.callsPerSecond / barePerSecond),
  };
}

async function loadStack(seconds: number): Promise<Omit<LoadResults, 'barePerSecond' | 'share'>> {
  const logs = await mkdtemp(join(tmpdir(), 'roster-load-'));
  const stack = fork(join(import.meta.dirname, 'load-stack.ts'), [logs], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  try {
    const [description] = (await once(stack, 'message')) as [LaptopDescription];
    const { api_endpoint, dynamodb_endpoint, s3_endpoint, table_name, bucket_name } = description;
    const given = await Given.app({
      api: overHttp(api_endpoint),
      table: tableAt(dynamodb_endpoint, table_name),
      bucket: new TestBucket(s3_endpoint, bucket_name),
    });
    const people = await given.users(CLIENTS);
    const clients = await Promise.all(
      people.map(async (who, n) => {
        const members = [1, 2, 3].map((step) => people[(n + step) % CLIENTS]!.id);
        const { group_id } = await who.does('POST /group/create', { name: `Group ${n}`, user_list: members });
        return { who, group_id: group_id as number };
      }),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: CLIENTS });
    const times: number[] = [];
    let errors = 0;
    const run = async (until: number, keep: boolean) => {
      const client = async ({ who, group_id }: (typeof clients)[number], n: number) => {
        for (let turn = n; performance.now() < until; turn++) {
          const { id, parameters } = MIX[turn % MIX.length]!;
          const start = performance.now();
          const good = await asks(agent, api_endpoint, id, who, parameters(group_id));
          if (!keep) continue;
          times.push(performance.now() - start);
          if (!good) errors++;
        }
      };
      await Promise.all(clients.map(client));
    };
    // Warm-up, not counted: instances start and code is compiled.
    await run(performance.now() + Math.min(10_000, seconds * 500), false);
    const memory: number[] = [];
    const begun = performance.now();
    const sampling = (async () => {
      await sleep((seconds * 1000) / 3);
      memory.push(await memoryOf(stack.pid!));
      await sleep((seconds * 1000) / 2);
      memory.push(await memoryOf(stack.pid!));
    })();
    await run(begun + seconds * 1000, true);
    const took = (performance.now() - begun) / 1000;
    await sampling;
    agent.destroy();
    const sorted = times.toSorted((a, b) => a - b);
    const [early = 0, late = 0] = memory;
    return {
      seconds,
      clients: CLIENTS,
      calls: times.length,
      callsPerSecond: rounded(times.length / took, 0),
      errors,
      p50: rounded(quantile(sorted, 0.5), 1),
      p99: rounded(quantile(sorted, 0.99), 1),
      memory: early > 0 ? { early, late } : undefined,
    };
  } finally {
    stack.disconnect();
    await once(stack, 'exit');
    await rm(logs, { recursive: true, force: true });
  }
}

const routeOf = (id: string) => routes.find((route) => route.id === id)!;

/** Makes one call. Returns whether it succeeded. */
function asks(agent: Agent, endpoint: string, id: string, who: Person, parameters: Record<string, unknown>) {
  const { methods, path } = routeOf(id);
  const method: Method = methods[0]!;
  const query = new URLSearchParams(
    Object.entries(parameters).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const body = JSON.stringify(parameters);
  const url = `${endpoint}${path}${method === 'GET' ? `?${query}` : ''}`;
  const headers = {
    'content-type': 'application/json',
    app_id: who.headers.app!,
    'access-token': who.headers.token!,
    ...(method !== 'GET' && { 'content-length': Buffer.byteLength(body) }),
  };
  return new Promise<boolean>((done) => {
    const sent = httpRequest(url, { method, agent, headers }, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.on('end', () => done(response.statusCode === 200 && text.startsWith('{"code":200,')));
      response.on('error', () => done(false));
    });
    sent.on('error', () => done(false));
    sent.end(method === 'GET' ? undefined : body);
  });
}

/** Calls per second of the same mix if the requests are sent directly to DynamoDB Local. */
async function loadBare(seconds: number): Promise<number> {
  const lab = await laboratory();
  await lab.warm();
  const mix: Recorded[][] = [];
  for (const { id } of MIX) {
    const { requests } = await lab.recorder.record(() => cook(routeOf(id), lab.scene));
    mix.push(requests);
  }
  let calls = 0;
  const run = async (until: number, keep: boolean) => {
    const one = async (n: number) => {
      for (let turn = n; performance.now() < until; turn++) {
        await repeat(mix[turn % mix.length]!, lab.world.table.client);
        if (keep) calls++;
      }
    };
    await Promise.all(Array.from({ length: CLIENTS }, (_, n) => one(n)));
  };
  await run(performance.now() + 2000, false);
  const begun = performance.now();
  await run(begun + seconds * 1000, true);
  return calls / ((performance.now() - begun) / 1000);
}

/** MB of a process and its descendants. */
async function memoryOf(root: number): Promise<number> {
  if (!existsSync('/proc/self/status')) return 0;
  const children = new Map<number, number[]>();
  const resident = new Map<number, number>();
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry))) {
    try {
      const status = readFileSync(`/proc/${name}/status`, 'utf8');
      const parent = Number(/^PPid:\s+(\d+)/m.exec(status)?.[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
      resident.set(Number(name), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) / 1024);
    } catch {
      // The process has ended meanwhile.
    }
  }
  const total = (pid: number): number =>
    (children.get(pid) ?? []).reduce((sum, child) => sum + total(child), resident.get(pid) ?? 0);
  return Math.round(total(root));
}
