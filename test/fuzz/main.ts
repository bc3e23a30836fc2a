/**
 * `npm run fuzz -- [--requests N] [--seed S] [--only I] [--endpoint URL] [--minutes M]`: generated requests over all
 * routes against a laptop stack: its own, or the running one of that address.
 */
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { assemblyOfSources, type LaptopDescription, roster } from '../../infra/laptop/roster.ts';
import { startStack } from '../../infra/local/stack.ts';
import { StartUpError } from '../../infra/local/start-up.ts';
import { type FuzzReport, fuzz } from './run.ts';

const RUNNING = resolve(import.meta.dirname, '../../.local/stack.json');
const MIB = 1024 * 1024;

const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '20000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    only: { type: 'string' },
    endpoint: { type: 'string' },
    minutes: { type: 'string', default: '30' },
  },
});
const whole = (name: 'requests' | 'seed' | 'only' | 'minutes', least: number) => {
  const number = Number(values[name]);
  if (!Number.isSafeInteger(number) || number < least)
    throw new StartUpError(`--${name} must be a whole number from ${least}`);
  return number;
};

try {
  const seed = whole('seed', 0);
  const options = {
    seed,
    requests: whole('requests', 1),
    most: whole('minutes', 1) * 60_000,
    ...(values.only !== undefined && { only: whole('only', 0) }),
    onProgress: console.log,
  };
  console.log(`Seed ${seed}`);
  const stack = values.endpoint === undefined ? await ownStack() : { description: running(values.endpoint) };
  const started = Date.now();
  try {
    const report = await fuzz(stack.description, options);
    if ('refused' in stack) for (const said of stack.refused) report.failures.push({ what: `refused by IAM: ${said}` });
    printReport(report, seed, Date.now() - started);
    process.exitCode = report.failures.length > 0 ? 1 : 0;
  } finally {
    if ('close' in stack) await stack.close();
  }
} catch (error) {
  console.error(error instanceof StartUpError ? error.message : error);
  process.exitCode = 1;
}

/** A stack for this run alone, with room for an instance of every function. */
async function ownStack() {
  console.log('Starting a laptop stack …');
  const { assembly } = await assemblyOfSources();
  const logs = await mkdtemp(join(tmpdir(), 'roster-fuzz-'));
  const starting = new AbortController();
  const onBroken = (reason: string) => console.error(reason);
  const options = { quiet: true, assembly, logs, instances: 110, signal: starting.signal, onBroken };
  const stack = await startStack({ application: roster, ...options });
  const close = async () => {
    await stack.close();
    if (process.exitCode) console.log(`What the functions printed: ${join(logs, 'functions.log')}`);
    else await rm(logs, { recursive: true, force: true });
  };
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => stack.close().finally(() => process.exit(1)));
  return { description: stack.description, refused: stack.permissions.refused, close };
}

/** The stack that `npm start` runs in this folder: its description says where table and bucket are. */
function running(endpoint: string): LaptopDescription {
  const found = existsSync(RUNNING) ? (JSON.parse(readFileSync(RUNNING, 'utf8')) as LaptopDescription) : undefined;
  if (found?.api_endpoint !== endpoint.replace(/\/$/, ''))
    throw new StartUpError(
      `--endpoint must be that of a stack which npm start runs in this folder; ${RUNNING} names ${found?.api_endpoint ?? 'none'}`,
    );
  return found;
}

function printReport({ sent, answers, failures, memory }: FuzzReport, seed: number, time: number): void {
  const kinds = [...answers].sort(([, one], [, other]) => other - one).map(([kind, count]) => `${kind}: ${count}`);
  console.log(`${sent} requests in ${Math.round(time / 1000)} s. Answers: ${kinds.join(', ')}`);
  const [largest] = [...memory].sort(([, one], [, other]) => other.bytes / other.limit - one.bytes / one.limit);
  if (largest) {
    const [name, { bytes, limit }] = largest;
    const most = `${name} with ${Math.round(bytes / MIB)} of ${limit / MIB} MiB`;
    console.log(`Memory of ${memory.size} functions: the fullest was ${most}`);
  } else console.log('Memory was not looked at: this system has no /proc.');
  for (const { request, what, wire } of failures) {
    console.error(`\n${what}`);
    if (request === undefined) continue;
    console.error(`${wire}\nAgain: npm run fuzz -- --seed ${seed} --only ${request}`);
  }
  console.log(failures.length > 0 ? `\n${failures.length} failures` : 'All as it must be.');
}
