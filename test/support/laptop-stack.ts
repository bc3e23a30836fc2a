/** Vitest's global set-up of the flows: one laptop stack for the whole run, on the run's DynamoDB Local. */
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { assemblyOfSources, roster } from '../../infra/laptop/roster.ts';
import { startStack } from '../../infra/local/stack.ts';
import { faultsOf } from './embedded-metrics.ts';
import { grantReport } from './grant-report.ts';
import { secretsIn } from './secrets.ts';
import { database } from './servers.ts';
import { toldEvents } from './told-events.ts';
import { SEED, TO_STORIES } from './unkind.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** File that appears when the stack serves or has failed to start: see `laptopStack`. */
    stackFile: string;
    /** File with the log of the functions. */
    functionsLog: string;
  }
}

const REPORT = resolve(import.meta.dirname, '../../.local/grants.txt');

export default async function setup(project: TestProject) {
  const logs = await mkdtemp(join(tmpdir(), 'roster-flows-'));
  const file = join(logs, 'stack.json');
  const say = async (said: object) => {
    await writeFile(`${file}.part`, JSON.stringify(said));
    await rename(`${file}.part`, file);
  };
  // Not awaited: tests that do not need the stack run meanwhile.
  const starting = assemblyOfSources().then(({ assembly }) =>
    startStack({
      application: roster,
      database,
      port: 0,
      quiet: true,
      logs,
      assembly,
      // Stories call every function again and again: fewer instances would be ended and started anew all the time.
      instances: 160,
      unkind: SEED,
      onBroken: (reason) => console.error(reason),
    }),
  );
  const said = starting.then(
    ({ description, unkind }) => {
      if (SEED !== undefined) unkind?.begin(SEED, TO_STORIES);
      return say(description);
    },
    (error: Error) => say({ failure: error.stack }),
  );
  project.provide('stackFile', file);
  project.provide('functionsLog', join(logs, 'functions.log'));
  return async () => {
    await said;
    const stack = await starting;
    const told = await toldEvents(stack.description);
    await stack.close();
    const log = await readFile(join(logs, 'functions.log'), 'utf8').catch(() => '');
    await rm(logs, { recursive: true, force: true });
    const [secret] = secretsIn(log);
    if (secret) throw new Error(`the functions wrote a ${secret} to their log`);
    const lines: Record<string, unknown>[] = log.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
    const faulty = lines.filter((line) => 'request_id' in line).flatMap(faultsOf);
    if (faulty.length > 0) throw new Error(`CloudWatch would not take the metrics of a log line: ${faulty[0]}`);
    if (told.problems.length > 0)
      throw new Error(`Of ${told.events} events, ${told.problems.length} are wrong, such as ${told.problems[0]}`);
    const { refused, grants } = stack.permissions;
    const report = grantReport(grants);
    await mkdir(dirname(REPORT), { recursive: true });
    await writeFile(REPORT, report.text);
    if (refused.length > 0) throw new Error([...new Set(refused)].join('\n'));
    // Unused grants mean something only if all flows ran.
    if (report.faults.length > 0 && SEED === undefined && (await isWhole(project)))
      throw new Error(`${report.faults.join('\n')}\nAll grants: ${REPORT}`);
  };
}

/** Whether all test files of the project ran, without a filter and without a failure. */
async function isWhole(project: TestProject): Promise<boolean> {
  const { testFiles } = await project.globTestFiles();
  const ran = project.vitest.state.getTestModules().filter((module) => module.project === project);
  const filtered = project.globalConfig.testNamePattern !== undefined;
  // The long tests of the console call a few operations only.
  return project.name === 'flows' && !filtered && ran.length === testFiles.length && ran.every((module) => module.ok());
}
