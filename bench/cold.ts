/**
 * Cold starts: what a new process takes until its bundle is loaded and for its first call, for the real bundle of every
 * function and for other frameworks, bundled by the same build.
 */
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { build } from 'esbuild';
import { BUNDLE_FILE, bundleFolder, FORM } from '../infra/bundle.ts';
import * as schema from '../shared/data/schema.ts';
import { type Operation, routes } from '../shared/routes/index.ts';
import { eventOf } from '../test/support/api.ts';
import { cook, requestOf } from '../test/support/recipes.ts';
import { firstAnswer, MEMORY, shareOf } from './prices.ts';
import {
  checkAnswer,
  type Loadable,
  type Message,
  type Place,
  processorTimeOf,
  sendEvent,
  startProcess,
  withBundles,
} from './processes.ts';
import { median, rounded, type Summary, summary } from './statistics.ts';

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
  withBundles(rows, async (lab, folder, bytes) => {
    const functions = rows.map((route) => subjectOf(route, lab, folder, bytes));
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

/** Cold starts of some functions alone, by id. */
export const measureFunctions = (rows: readonly Operation[], rounds: number): Promise<Record<string, ColdStart>> =>
  withBundles(rows, async (lab, folder, bytes) => {
    const functions = rows.map((route) => subjectOf(route, lab, folder, bytes));
    for (let round = 0; round < rounds; round++)
      for (const [index, route] of rows.entries()) await startAgain(route, functions[index]!, lab);
    return coldStartsOf(functions);
  });

function subjectOf(route: Operation, lab: Place, folder: string, sizes: Record<string, number>): Subject {
  const bytes = sizes[route.id]!;
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

interface Subject extends Loadable {
  bytes: number;
  event: object;
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
function start(subject: Subject, lab: Place, hold?: (pid: number) => void): Promise<void> {
  return new Promise((done, fail) => {
    const started = performance.now();
    let [ready, load] = [0, 0];
    const child = startProcess(subject, lab);
    child.on('error', fail);
    child.on('message', (message: Message) => {
      const now = performance.now() - started;
      if (message.kind === 'ready') {
        hold?.(child.pid!);
        load = processorTimeOf(child);
        ready = performance.now() - started;
        sendEvent(child, subject.event);
        return;
      }
      const call = processorTimeOf(child) - load;
      child.kill('SIGKILL');
      subject.samples.push({ ready, answer: now, load, call });
      try {
        checkAnswer(subject.id, message);
        done();
      } catch (error) {
        fail(error);
      }
    });
  });
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

const coldStartsOf = (subjects: Subject[]): Record<string, ColdStart> =>
  Object.fromEntries(subjects.map((subject) => [subject.id, coldStart(subject)]));

function coldStart({ bytes, samples, memory, trips }: Subject): ColdStart {
  const of = (name: keyof (typeof samples)[number]) => summary(samples.map((sample) => rounded(sample[name], 1)));
  const [load, call] = [of('load'), of('call')];
  const modelled = rounded(firstAnswer({ load: load.median, call: call.median, trips, memory }), 1);
  return { bytes, ready: of('ready'), answer: of('answer'), load, call, trips, memory, modelled };
}

function evaluated(functions: Subject[], contestants: Subject[]): ColdResults {
  const [measured, others] = [coldStartsOf(functions), coldStartsOf(contestants)];
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
