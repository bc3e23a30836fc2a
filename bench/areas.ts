/**
 * What a function of a whole area costs at its start, next to functions of single operations: processor time until the
 * code is loaded, of the first call, and of the first call of another operation in the same instance.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { BUNDLE_FILE, bundle, bundleFolder } from '../infra/bundle.ts';
import { type SharedFunction, sharedFunctions } from '../infra/functions.ts';
import { AREA, BUCKET_NAME, OPERATION, STAGE, TABLE_NAME } from '../shared/environment.ts';
import { type FunctionRow, type Operation, routes } from '../shared/routes/index.ts';
import { eventOf } from '../test/support/api.ts';
import { cook, requestOf } from '../test/support/recipes.ts';
import { type Laboratory, laboratory } from './laboratory.ts';
import { median, rounded } from './statistics.ts';

const OUTPUT = resolve(import.meta.dirname, '../dist');
const PROCESS = resolve(import.meta.dirname, '../infra/local/function-process.mjs');
/** Operations of each area that are measured. */
const SAMPLE = 5;

/** Medians of processor time (ms). */
export interface InstanceTimes {
  /** Until the code is loaded. */
  load: number;
  /** The first call. */
  first: number;
  /** The first call of another operation by the same instance, and the second one; of one operation alone its own. */
  next: number;
  again: number;
}

export interface AreaResults {
  /** By area, with the size of the bundle and the number of operations in it. */
  areas: Record<string, { bytes: number; operations: number } & InstanceTimes>;
  /** Over all areas: the same calls by the function of their own operation, by that of the area, and by one for all. */
  operation: InstanceTimes;
  area: InstanceTimes;
  all: InstanceTimes;
}

export async function measureAreas(rounds: number): Promise<AreaResults> {
  const lab = await laboratory();
  const areas = sharedFunctions(routes).map((row) => ({ ...row, sample: sampleOf(row.operations) }));
  const all = allInOne(routes);
  await mkdir(OUTPUT, { recursive: true });
  const folder = await mkdtemp(join(OUTPUT, 'bench-'));
  try {
    const { bytes } = await bundle({ rows: [all, ...areas, ...areas.flatMap(({ sample }) => sample)], outdir: folder });
    const single: number[][] = [];
    const together: number[][] = [];
    const times = new Map<string, number[][]>(areas.map(({ id }) => [id, []]));
    for (let round = 0; round < rounds; round++)
      for (const row of areas)
        for (const [n, one] of row.sample.entries()) {
          const other = row.sample[(n + 1) % row.sample.length]!;
          // The function of one operation knows no other one.
          single.push(await run(one, [one, one, one], folder, lab));
          times.get(row.id)!.push(await run(row, [one, other, other], folder, lab));
          together.push(await run(all, [one, other, other], folder, lab));
        }
    return {
      areas: Object.fromEntries(
        areas.map(({ id, area, operations }) => [
          area,
          { bytes: bytes[id]!, operations: operations.length, ...timesOf(times.get(id)!) },
        ]),
      ),
      operation: timesOf(single),
      area: timesOf([...times.values()].flat()),
      all: timesOf(together),
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** One function for all operations that may share one. No deployment has it; it shows what more sharing would bring. */
export function allInOne(rows: readonly Operation[]): SharedFunction {
  const parts = sharedFunctions(rows);
  const grants = [...new Set(parts.flatMap((part) => part.grants))];
  return { ...parts[0]!, id: 'area/all', grants, operations: parts.flatMap(({ operations }) => operations) };
}

function timesOf(runs: number[][]): InstanceTimes {
  const [load, first, next, again] = [0, 1, 2, 3].map((n) => rounded(median(runs.map((run) => run[n]!)), 1)) as [
    number,
    number,
    number,
    number,
  ];
  return { load, first, next, again };
}

/** Operations at equal distances. Neither the queue of webhooks nor the function that fetches keys is here. */
const sampleOf = (all: readonly Operation[]): Operation[] => {
  const operations = all.filter(
    ({ grants }) => !grants.some((grant) => ['send-webhooks', 'refresh-keys'].includes(grant)),
  );
  const most = Math.min(SAMPLE, operations.length);
  return Array.from({ length: most }, (_, n) => operations[Math.floor((n * operations.length) / most)]!);
};

/** Starts an instance and lets it make everyday calls. @returns processor time of the load and of each call */
async function run(row: FunctionRow, calls: Operation[], folder: string, lab: Laboratory): Promise<number[]> {
  const { recorder, scene, world, endpoint, s3 } = lab;
  const child = spawn(
    process.execPath,
    [
      PROCESS,
      JSON.stringify({
        modulePath: join(bundleFolder(folder, row.id), BUNDLE_FILE),
        handlerName: 'handler',
        functionName: row.id,
        memory: 512,
      }),
    ],
    {
      env: {
        [TABLE_NAME]: world.table.name,
        [BUCKET_NAME]: world.bucket.name,
        [OPERATION]: row.id,
        [STAGE]: 'bench',
        [AREA]: 'bench',
        AWS_REGION: 'us-east-1',
        AWS_ACCESS_KEY_ID: 'local',
        AWS_SECRET_ACCESS_KEY: 'local',
        AWS_ENDPOINT_URL_DYNAMODB: endpoint,
        AWS_ENDPOINT_URL_S3: s3,
      },
      stdio: ['ignore', 'ignore', 'inherit', 'ignore', 'ipc'],
      serialization: 'advanced',
    },
  );
  try {
    await said(child, 'ready');
    const times = [processorTime(child)];
    for (const route of calls) {
      await lab.warm();
      // A call in this process first, after which the table is put back as it was.
      await recorder.record(() => cook(route, scene));
      await recorder.restore();
      const { method, path, request } = requestOf(route, scene);
      const before = processorTime(child);
      const event = JSON.stringify(eventOf(method, path, request));
      child.send({ requestId: 'areas', event, deadline: Date.now() + 30_000 });
      const { result = '' } = await said(child, 'result');
      times.push(processorTime(child) - before);
      await recorder.restore();
      const { statusCode, body } = JSON.parse(result) as { statusCode: number; body: string };
      if (statusCode >= 400 || /^\{"code":(?!200)/.test(body)) throw new Error(`${route.id}: ${body}`);
    }
    return times;
  } finally {
    child.kill('SIGKILL');
  }
}

async function said(child: ChildProcess, kind: string): Promise<{ result?: string }> {
  const [message] = await once(child, 'message');
  if (message.kind !== kind) throw new Error(message.errorMessage);
  return message;
}

/** Processor time of the main thread so far (ms), which other processes disturb least; Linux only. */
const processorTime = ({ pid }: ChildProcess): number =>
  Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
