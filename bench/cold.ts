/**
 * Cold starts: what a new process takes until its bundle is loaded and for its first call, for the real bundle of every
 * function and for other frameworks, bundled by the same build. All use the runtime client of the laptop stack
 * (infra/local/function-process.mjs). Like Lambda's client it loads the bundle and passes one event. Lambda's own
 * client would need a compiler.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { build } from 'esbuild';
import { BUNDLE_FILE, bundle, bundleFolder, FORM } from '../infra/bundle.ts';
import * as schema from '../shared/data/schema.ts';
import { AREA, BUCKET_NAME, OPERATION, STAGE, TABLE_NAME } from '../shared/environment.ts';
import { type Operation, routes } from '../shared/routes/index.ts';
import { eventOf } from '../test/support/api.ts';
import { cook, requestOf } from '../test/support/recipes.ts';
import { type Laboratory, laboratory } from './laboratory.ts';
import { firstAnswer, MEMORY, shareOf } from './prices.ts';
import { median, rounded, type Summary, summary } from './statistics.ts';
import { startTlsFront, type TlsFront } from './tls-front.ts';

const OUTPUT = resolve(import.meta.dirname, '../dist');
const PROCESS = resolve(import.meta.dirname, '../infra/local/function-process.mjs');
export const CONTESTANTS = ['empty', 'smallest', 'sdk', 'hono', 'express', 'nestjs'] as const;
/** Optional packages of NestJS. */
const NOT_INSTALLED = ['@nestjs/microservices*', '@nestjs/websockets*', 'class-validator', 'class-transformer*'];

export interface ColdStart {
  bytes: number;
  /** Milliseconds from the start of the process until the bundle is loaded. */
  ready: Summary;
  /** Milliseconds from the start of the process until the first answer. */
  answer: Summary;
  /** Processor time of the main thread until the bundle is loaded (ms), which other processes disturb least; Linux only. */
  load: Summary;
  /** Processor time of the main thread from then until the first answer (ms). */
  call: Summary;
  /** Sequential round trips of the first call. */
  trips: number;
  /** MiB. */
  memory: number;
  /** The first answer on Lambda (ms): see `firstAnswer`. */
  modelled: number;
}

/** Numbers over all functions. */
interface Middle {
  bytes: number;
  load: number;
  call: number;
  modelled: number;
}

export interface ColdResults {
  functions: Record<string, ColdStart>;
  contestants: Record<(typeof CONTESTANTS)[number], ColdStart>;
  /** Medians over all functions. */
  middle: Middle;
  /** The function with the median of the modelled first answers. */
  medianFunction: string;
  /** The median of the modelled first answers divided by that of each contestant. */
  ratios: Record<(typeof CONTESTANTS)[number], number>;
  /** What the model says of the median function's first call (ms), and what a process took that has this share of a processor. */
  check?: { memory: number; modelled: number; measured: number };
}

/** @param rounds cold starts of each function; contestants get three times as many */
export const measureColdStarts = (rounds: number, rows: readonly Operation[] = routes): Promise<ColdResults> =>
  withBundles(rows, async (functions, lab, folder) => {
    const contestants = await buildContestants(folder, lab);
    for (let round = 0; round < rounds; round++) {
      for (const [index, route] of rows.entries()) {
        await startAgain(route, functions[index]!, lab);
        // Spread over the round, so that a temporary slowdown of the machine affects all of them.
        const turn = Math.floor((index * 3 * contestants.length) / rows.length);
        const last = Math.floor(((index + 1) * 3 * contestants.length) / rows.length);
        for (let n = turn; n < last; n++) await start(contestants[n % contestants.length]!, lab);
      }
    }
    const results = evaluated(functions, contestants);
    const check = await checkedModel(functions.find(({ id }) => id === results.medianFunction)!, lab);
    return { ...results, ...(check && { check }) };
  });

/**
 * Cold starts of some functions alone.
 * @returns processor time of the main thread until the first answer (ms), by id
 */
export const processorTimes = (rows: readonly Operation[], rounds: number): Promise<Map<string, number>> =>
  withBundles(rows, async (subjects, lab) => {
    for (let round = 0; round < rounds; round++)
      for (const [index, route] of rows.entries()) await startAgain(route, subjects[index]!, lab);
    return new Map(subjects.map(({ id, samples }) => [id, median(samples.map(({ load, call }) => load + call))]));
  });

/** Bundles the functions of these operations into a folder that is removed afterwards. */
async function withBundles<Result>(
  rows: readonly Operation[],
  measure: (subjects: Subject[], lab: Place, folder: string) => Promise<Result>,
): Promise<Result> {
  const open = await laboratory();
  const front = await startTlsFront(open.endpoint);
  const lab = { ...open, front };
  await mkdir(OUTPUT, { recursive: true });
  const folder = await mkdtemp(join(OUTPUT, 'bench-'));
  try {
    const { bytes } = await bundle({ rows, outdir: folder });
    const subjects = rows.map((route) => subjectOf(route, lab, folder, bytes[route.id]!));
    return await measure(subjects, lab, folder);
  } finally {
    front.close();
    await rm(folder, { recursive: true, force: true });
  }
}

function subjectOf(route: Operation, lab: Place, folder: string, bytes: number): Subject {
  const { method, path, request } = requestOf(route, lab.scene);
  const file = join(bundleFolder(folder, route.id), BUNDLE_FILE);
  const memory = route.memory ?? MEMORY;
  return { id: route.id, file, bytes, event: eventOf(method, path, request), memory, trips: 0, samples: [] };
}

/** A cold start from the same table as all others: what the operation changes is reverted. */
async function startAgain(route: Operation, subject: Subject, lab: Place, hold?: (pid: number) => void): Promise<void> {
  await lab.warm();
  const { answer } = await lab.recorder.record(() => cook(route, lab.scene));
  subject.trips = answer.log?.trips ?? 0;
  await lab.recorder.restore();
  await start(subject, lab, hold);
  await lab.recorder.restore();
}

/** The laboratory, with its database as the processes reach it. */
type Place = Laboratory & { front: TlsFront };

interface Subject {
  id: string;
  file: string;
  bytes: number;
  event: object;
  memory: number;
  trips: number;
  samples: { ready: number; answer: number; load: number; call: number }[];
}

async function buildContestants(folder: string, lab: Place): Promise<Subject[]> {
  const outdir = join(folder, 'contestants');
  const { metafile } = await build({
    ...FORM,
    entryPoints: CONTESTANTS.map((name) => ({ in: join(import.meta.dirname, `contestants/${name}.ts`), out: name })),
    outdir,
    external: NOT_INSTALLED,
    tsconfigRaw: { compilerOptions: { alwaysStrict: true, experimentalDecorators: true } },
    metafile: true,
    logLevel: 'error',
  });
  const key = schema.user.key(lab.given.app, lab.scene.carol.id).pk;
  const query = { key };
  const event = {
    ...eventOf('GET', '/user/profile', { query }),
    queryStringParameters: query,
    requestContext: {
      http: { method: 'GET', path: '/user/profile', sourceIp: '127.0.0.1', userAgent: 'bench' },
      stage: '$default',
    },
  };
  const sizes = new Map(Object.entries(metafile.outputs).map(([file, { bytes }]) => [resolve(file), bytes]));
  return CONTESTANTS.map((id) => {
    const file = join(outdir, `${id}.cjs`);
    const trips = id === 'empty' ? 0 : 1;
    return { id, file, bytes: sizes.get(file) ?? 0, event, memory: MEMORY, trips, samples: [] };
  });
}

/**
 * One cold start. @throws if the first answer is not a success
 * @param hold is told the process once its bundle is loaded, before its first call
 */
function start(subject: Subject, { front, s3, world }: Place, hold?: (pid: number) => void): Promise<void> {
  const { id, memory } = subject;
  const instance = { modulePath: subject.file, handlerName: 'handler', functionName: id, memory };
  const env = {
    // Addresses of queue, bus and functions, as the laboratory has them.
    ...process.env,
    [TABLE_NAME]: world.table.name,
    [OPERATION]: id,
    [STAGE]: 'bench',
    [AREA]: 'bench',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    [BUCKET_NAME]: world.bucket.name,
    AWS_ENDPOINT_URL_DYNAMODB: front.endpoint,
    NODE_EXTRA_CA_CERTS: front.certificate,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
  return new Promise((done, fail) => {
    const started = performance.now();
    let [ready, load] = [0, 0];
    const child = spawn(process.execPath, [`--max-old-space-size=${memory}`, PROCESS, JSON.stringify(instance)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    child.on('error', fail);
    child.on('message', (message: { kind: string; result?: string; errorMessage?: string }) => {
      const now = performance.now() - started;
      if (message.kind === 'ready') {
        hold?.(child.pid!);
        load = processorTimeOf(child.pid!);
        ready = performance.now() - started;
        child.send({ requestId: 'cold', event: JSON.stringify(subject.event), deadline: Date.now() + 30_000 });
        return;
      }
      const call = processorTimeOf(child.pid!) - load;
      child.kill('SIGKILL');
      const { statusCode, body = '' } = JSON.parse(message.result ?? '{}') as { statusCode?: number; body?: string };
      // An answer without an envelope has a status instead of a code.
      const succeeded = statusCode === undefined || (statusCode < 400 && !/^\{"code":(?!200)/.test(body));
      if (!succeeded || body === '') fail(new Error(`${id}: ${message.errorMessage ?? body}`));
      subject.samples.push({ ready, answer: now, load, call });
      done();
    });
  });
}

/** Milliseconds; 0 if the system does not report it. */
function processorTimeOf(pid: number): number {
  const file = `/proc/${pid}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : 0;
}

/** Control groups of Linux that limit processor time: where they are, and the file and text that set a limit. */
const LIMITS = [
  {
    folder: '/sys/fs/cgroup/cpu',
    write: {
      'cpu.cfs_period_us': (_: number, period: number) => `${period}`,
      'cpu.cfs_quota_us': (quota: number) => `${quota}`,
    },
  },
  { folder: '/sys/fs/cgroup', write: { 'cpu.max': (quota: number, period: number) => `${quota} ${period}` } },
];

/**
 * First calls of a process that has, from its first event on, the share of a processor that its memory buys.
 * @returns undefined where this system does not let us make such a process
 */
async function checkedModel(subject: Subject, lab: Place): Promise<ColdResults['check']> {
  const own = { ...subject, samples: [] as Subject['samples'] };
  // Lambda's period, in microseconds.
  const period = 20_000;
  const quota = Math.round(shareOf(own.memory) * period);
  const limits = LIMITS.find(
    ({ folder, write }) =>
      existsSync(join(folder, Object.keys(write)[0]!)) || existsSync(join(folder, 'cgroup.subtree_control')),
  );
  if (!limits) return undefined;
  const group = join(limits.folder, `bench-${process.pid}`);
  try {
    mkdirSync(group);
    for (const [file, text] of Object.entries(limits.write)) writeFileSync(join(group, file), text(quota, period));
  } catch {
    return undefined;
  }
  try {
    const route = routes.find(({ id }) => id === own.id)!;
    for (let n = 0; n < 15; n++)
      await startAgain(route, own, lab, (pid) => writeFileSync(join(group, 'cgroup.procs'), `${pid}`));
  } finally {
    // A process that was killed leaves its group a little later.
    await setTimeout(200);
    rmdirSync(group);
  }
  const [free, held] = [subject, own].map(({ samples }) => median(samples.map(({ ready, answer }) => answer - ready)));
  const call = median(subject.samples.map(({ call }) => call));
  return {
    memory: own.memory,
    modelled: rounded(free! - call + call / shareOf(own.memory), 1),
    measured: rounded(held!, 1),
  };
}

function evaluated(functions: Subject[], contestants: Subject[]): ColdResults {
  const coldStart = ({ bytes, samples, memory, trips }: Subject): ColdStart => {
    const of = (name: keyof (typeof samples)[number]) => summary(samples.map((sample) => rounded(sample[name], 1)));
    const [load, call] = [of('load'), of('call')];
    const modelled = rounded(firstAnswer({ load: load.median, call: call.median, trips, memory }), 1);
    return { bytes, ready: of('ready'), answer: of('answer'), load, call, trips, memory, modelled };
  };
  const measured = Object.fromEntries(functions.map((subject) => [subject.id, coldStart(subject)]));
  const others = Object.fromEntries(contestants.map((subject) => [subject.id, coldStart(subject)]));
  const all = Object.values(measured);
  const middle = {
    bytes: median(all.map(({ bytes }) => bytes)),
    load: median(all.map(({ load }) => load.median)),
    call: median(all.map(({ call }) => call.median)),
    modelled: median(all.map(({ modelled }) => modelled)),
  };
  const [medianFunction] = Object.entries(measured).find(([, { modelled }]) => modelled === middle.modelled)!;
  const ratios = Object.entries(others).map(([id, { modelled }]) => [id, rounded(middle.modelled / modelled)]);
  return {
    functions: measured,
    contestants: others as ColdResults['contestants'],
    middle,
    medianFunction,
    ratios: Object.fromEntries(ratios),
  };
}
