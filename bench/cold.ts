/**
 * Cold starts: the time from the start of the process until its first answer, for the real bundle of every function and
 * for other frameworks, bundled by the same build. All use the runtime client of the laptop stack
 * (infra/local/function-process.mjs). Like Lambda's client it loads the bundle and passes one event. Lambda's own
 * client would need a compiler.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { devNull } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'esbuild';
import { BUNDLE_FILE, bundle, bundleFolder, FORM } from '../infra/bundle.ts';
import * as schema from '../shared/data/schema.ts';
import { AREA, BUCKET_NAME, OPERATION, STAGE, TABLE_NAME } from '../shared/environment.ts';
import { type Operation, routes } from '../shared/routes/index.ts';
import { eventOf } from '../test/support/api.ts';
import { cook, requestOf } from '../test/support/recipes.ts';
import { type Laboratory, laboratory } from './laboratory.ts';
import { median, rounded, type Summary, summary } from './statistics.ts';

const OUTPUT = resolve(import.meta.dirname, '../dist');
const PROCESS = resolve(import.meta.dirname, '../infra/local/function-process.mjs');
export const CONTESTANTS = ['empty', 'sdk', 'hono', 'express', 'nestjs'] as const;
/** Optional packages of NestJS. */
const NOT_INSTALLED = ['@nestjs/microservices*', '@nestjs/websockets*', 'class-validator', 'class-transformer*'];

export interface ColdStart {
  bytes: number;
  /** Milliseconds from the start of the process until the bundle is loaded. */
  ready: Summary;
  /** Milliseconds from the start of the process until the first answer. */
  answer: Summary;
  /** Processor time of the main thread until then (ms), which other processes disturb least; Linux only. */
  cpu?: Summary;
}

export interface ColdResults {
  functions: Record<string, ColdStart>;
  contestants: Record<(typeof CONTESTANTS)[number], ColdStart>;
  /** The function with the median cold start. */
  medianFunction: string;
  /** Its time until the first answer divided by that of each contestant. */
  ratios: Record<(typeof CONTESTANTS)[number], number>;
}

/** @param rounds cold starts of each function; contestants get three times as many */
export const measureColdStarts = (rounds: number): Promise<ColdResults> =>
  withBundles(routes, async (functions, lab, folder) => {
    const contestants = await buildContestants(folder, lab);
    for (let round = 0; round < rounds; round++) {
      for (const [index, route] of routes.entries()) {
        await startAgain(route, functions[index]!, lab);
        // Spread over the round, so that a temporary slowdown of the machine affects all of them.
        const turn = Math.floor((index * 3 * contestants.length) / routes.length);
        const last = Math.floor(((index + 1) * 3 * contestants.length) / routes.length);
        for (let n = turn; n < last; n++) await start(contestants[n % contestants.length]!, lab);
      }
    }
    return evaluated(functions, contestants);
  });

/**
 * Cold starts of some functions alone.
 * @returns processor time of the main thread until the first answer (ms), by id
 */
export const processorTimes = (rows: readonly Operation[], rounds: number): Promise<Map<string, number>> =>
  withBundles(rows, async (subjects, lab) => {
    for (let round = 0; round < rounds; round++)
      for (const [index, route] of rows.entries()) await startAgain(route, subjects[index]!, lab);
    return new Map(subjects.map(({ id, samples }) => [id, median(samples.map(({ cpu }) => cpu))]));
  });

/** Bundles the functions of these operations into a folder that is removed afterwards. */
async function withBundles<Result>(
  rows: readonly Operation[],
  measure: (subjects: Subject[], lab: Laboratory, folder: string) => Promise<Result>,
): Promise<Result> {
  const lab = await laboratory();
  await mkdir(OUTPUT, { recursive: true });
  const folder = await mkdtemp(join(OUTPUT, 'bench-'));
  try {
    const { bytes } = await bundle({ rows, outdir: folder });
    const subjects = rows.map((route) => subjectOf(route, lab, folder, bytes[route.id]!));
    return await measure(subjects, lab, folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function subjectOf(route: Operation, lab: Laboratory, folder: string, bytes: number): Subject {
  const { method, path, request } = requestOf(route, lab.scene);
  const file = join(bundleFolder(folder, route.id), BUNDLE_FILE);
  return { id: route.id, file, bytes, event: eventOf(method, path, request), samples: [] };
}

/** A cold start from the same table as all others: what the operation changes is reverted. */
async function startAgain(route: Operation, subject: Subject, lab: Laboratory): Promise<void> {
  await lab.warm();
  await lab.recorder.record(() => cook(route, lab.scene));
  await lab.recorder.restore();
  await start(subject, lab);
  await lab.recorder.restore();
}

interface Subject {
  id: string;
  file: string;
  bytes: number;
  event: object;
  samples: { ready: number; answer: number; cpu: number }[];
}

async function buildContestants(folder: string, lab: Laboratory): Promise<Subject[]> {
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
    return { id, file, bytes: sizes.get(file) ?? 0, event, samples: [] };
  });
}

/** One cold start. @throws if the first answer is not a success */
function start(subject: Subject, { endpoint, s3, world }: Laboratory): Promise<void> {
  const instance = { modulePath: subject.file, handlerName: 'handler', functionName: subject.id, memory: 512 };
  const env = {
    [TABLE_NAME]: world.table.name,
    [OPERATION]: subject.id,
    [STAGE]: 'bench',
    [AREA]: 'bench',
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    [BUCKET_NAME]: world.bucket.name,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_S3: s3,
    AWS_CONFIG_FILE: devNull,
    AWS_SHARED_CREDENTIALS_FILE: devNull,
  };
  return new Promise((done, fail) => {
    const started = performance.now();
    let ready = 0;
    const child = spawn(process.execPath, ['--max-old-space-size=512', PROCESS, JSON.stringify(instance)], {
      env,
      stdio: ['ignore', 'ignore', 'inherit', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    child.on('error', fail);
    child.on('message', (message: { kind: string; result?: string; errorMessage?: string }) => {
      const now = performance.now() - started;
      if (message.kind === 'ready') {
        ready = now;
        child.send({ requestId: 'cold', event: JSON.stringify(subject.event), deadline: Date.now() + 30_000 });
        return;
      }
      const cpu = processorTimeOf(child.pid!);
      child.kill('SIGKILL');
      const { statusCode, body = '' } = JSON.parse(message.result ?? '{}') as { statusCode?: number; body?: string };
      // An answer without an envelope has a status instead of a code.
      const succeeded = statusCode === undefined || (statusCode < 400 && !/^\{"code":(?!200)/.test(body));
      if (!succeeded || body === '') fail(new Error(`${subject.id}: ${message.errorMessage ?? body}`));
      subject.samples.push({ ready, answer: now, cpu });
      done();
    });
  });
}

/** Milliseconds; 0 if the system does not report it. */
function processorTimeOf(pid: number): number {
  const file = `/proc/${pid}/schedstat`;
  return existsSync(file) ? Number(readFileSync(file, 'utf8').split(' ')[0]) / 1e6 : 0;
}

function evaluated(functions: Subject[], contestants: Subject[]): ColdResults {
  const coldStart = ({ bytes, samples }: Subject): ColdStart => ({
    bytes,
    ready: summary(samples.map(({ ready }) => rounded(ready, 1))),
    answer: summary(samples.map(({ answer }) => rounded(answer, 1))),
    ...(samples.every(({ cpu }) => cpu > 0) && { cpu: summary(samples.map(({ cpu }) => rounded(cpu, 1))) }),
  });
  const measured = Object.fromEntries(functions.map((subject) => [subject.id, coldStart(subject)]));
  const others = Object.fromEntries(contestants.map((subject) => [subject.id, coldStart(subject)]));
  const inOrder = Object.entries(measured).sort(([, a], [, b]) => a.answer.median - b.answer.median);
  const [medianFunction, middle] = inOrder[Math.floor(inOrder.length / 2)]!;
  const ratios = Object.entries(others).map(([id, { answer }]) => [id, rounded(middle.answer.median / answer.median)]);
  return {
    functions: measured,
    contestants: others as ColdResults['contestants'],
    medianFunction,
    ratios: Object.fromEntries(ratios),
  };
}

export const medianBytes = ({ functions }: ColdResults) => median(Object.values(functions).map(({ bytes }) => bytes));
