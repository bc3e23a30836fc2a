/**
 * `npm run test:mutation [-- --path shared/domain] [--seed 1] [--count 200] [--minutes 20] [--files 6] [--jobs 2]`: whether
 * tests notice when the source changes. Takes a random sample of all mutants below the path, runs for each the test files
 * that reach its function most often, in process, and prints which mutants survive, and the score of each folder.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { parseArgs } from 'node:util';
import { startDynamoDbLocal } from '../../infra/local/dynamodb-local.ts';
import { Random } from '../../infra/local/random.ts';
import { startTestBucket } from '../support/bucket.ts';
import { analyzed, type Mutant } from './mutants.ts';

const { values } = parseArgs({
  options: {
    path: { type: 'string', default: 'shared/domain' },
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    minutes: { type: 'string', default: '20' },
    files: { type: 'string', default: '6' },
    jobs: { type: 'string', default: '2' },
  },
});
const { path } = values;
/** A mutant that never ends is noticed too. */
const LONGEST = 120_000;

type Verdict = 'killed' | 'survived' | 'not reached';
/** How often each test file calls each function. */
type Reached = Map<string, Record<string, number>>;

const allMutants = (): Mutant[] =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .flatMap((name) => {
      const file = join(path, name);
      return analyzed(file, readFileSync(file, 'utf8')).mutants;
    });

/** Runs tests. @returns whether they pass */
async function pass(env: Record<string, string>, ...args: string[]): Promise<boolean> {
  const vitest = spawn('vitest', ['run', '--config', 'test/mutation/vitest.config.ts', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'ignore'],
    timeout: 'MUTANT' in env ? LONGEST : 0,
    killSignal: 'SIGKILL',
  });
  const [code] = await once(vitest, 'exit');
  return code === 0;
}

/** All tests once, without a mutant: which functions they reach. A file that fails so, which needs a stack, is left out. */
async function reachedBy(servers: Record<string, string>): Promise<Reached> {
  const folder = mkdtempSync(join(tmpdir(), 'roster-mutation-'));
  const report = join(folder, 'report.json');
  await pass(
    { ...servers, MUTATION_PATH: path, MUTATION_REACHED: folder },
    `--maxWorkers=${values.jobs}`,
    '--reporter=json',
    `--outputFile=${report}`,
  );
  const read = (file: string) => JSON.parse(readFileSync(file, 'utf8'));
  const results: { name: string; status: string }[] = read(report).testResults;
  const failed = new Set(results.filter(({ status }) => status !== 'passed').map(({ name }) => name));
  const files = readdirSync(folder).filter((file) => file !== 'report.json');
  const all = files.map((file) => read(join(folder, file)) as { testPath: string; calls: Record<string, number> });
  rmSync(folder, { recursive: true });
  return new Map(all.filter(({ testPath }) => !failed.has(testPath)).map(({ testPath, calls }) => [testPath, calls]));
}

/** The test files that call the mutant's function most often. */
function testsOf({ file, within }: Mutant, reached: Reached): string[] {
  const calls = (test: string) => reached.get(test)?.[`${file}:${within}`] ?? 0;
  const tests = [...reached.keys()].filter((test) => calls(test) > 0);
  return tests.sort((one, other) => calls(other) - calls(one)).slice(0, Number(values.files));
}

function show({ file, line, start, end, text }: Mutant): string {
  const flat = (source: string) => source.replaceAll(/\s+/g, ' ').slice(0, 70);
  return `${file}:${line}  ${flat(readFileSync(file, 'utf8').slice(start, end))}  →  ${flat(text) || 'nothing'}`;
}

async function tryAll(sample: Mutant[], reached: Reached, servers: Record<string, string>) {
  const ends = Date.now() + Number(values.minutes) * 60_000;
  const verdicts = new Map<Mutant, Verdict>();
  const left = [...sample];
  const worker = async () => {
    for (let mutant = left.shift(); mutant && Date.now() < ends; mutant = left.shift()) {
      const tests = testsOf(mutant, reached).map((file) => relative(process.cwd(), file));
      if (tests.length === 0) verdicts.set(mutant, 'not reached');
      else {
        const survives = await pass({ ...servers, MUTANT: JSON.stringify(mutant) }, '--bail=1', ...tests);
        verdicts.set(mutant, survives ? 'survived' : 'killed');
      }
      if (verdicts.get(mutant) !== 'killed') console.log(`${verdicts.get(mutant)}: ${show(mutant)}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.jobs) }, worker));
  return verdicts;
}

function printScores(verdicts: Map<Mutant, Verdict>): void {
  const folders = Map.groupBy(verdicts, ([{ file }]) => dirname(file));
  const row = (name: string, all: Verdict[]) => {
    const count = (verdict: Verdict) => all.filter((one) => one === verdict).length;
    const cells = [all.length, count('killed'), count('survived'), count('not reached')];
    console.log(`| ${[name, ...cells, `${Math.round((100 * count('killed')) / all.length)} %`].join(' | ')} |`);
  };
  console.log(
    '\n| folder | mutants | killed | survived | not reached | score |\n| --- | --- | --- | --- | --- | --- |',
  );
  for (const [folder, all] of [...folders].sort())
    row(
      `\`${folder}\``,
      all.map(([, verdict]) => verdict),
    );
  row('all', [...verdicts.values()]);
}

const database = await startDynamoDbLocal();
const bucket = await startTestBucket();
try {
  const servers = { MUTATION_DYNAMODB: database.endpoint, MUTATION_S3: bucket.endpoint };
  const mutants = allMutants();
  const random = new Random(Number(values.seed));
  const shuffled = mutants.map((mutant) => ({ mutant, at: random.next() })).sort((one, other) => one.at - other.at);
  const sample = shuffled.slice(0, Number(values.count)).map(({ mutant }) => mutant);
  console.log(`${mutants.length} mutants of ${path}; all tests once without any`);
  const reached = await reachedBy(servers);
  console.log(`${reached.size} test files; now ${sample.length} mutants`);
  printScores(await tryAll(sample, reached, servers));
} finally {
  await Promise.all([database.close(), bucket.close()]);
}
