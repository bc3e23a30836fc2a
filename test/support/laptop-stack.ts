/** Vitest's global set-up of the flows: one laptop stack for the whole run, whose DynamoDB Local the tests share. */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { TestProject } from 'vitest/node';
import { assemblyOfSources } from '../../infra/local/assembly.ts';
import { type StackDescription, startStack } from '../../infra/local/stack.ts';
import { startTestBucket } from './bucket.ts';
import { faultsOf } from './embedded-metrics.ts';
import { grantReport } from './grant-report.ts';
import { secretsIn } from './secrets.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    stack: StackDescription;
    /** File of what the functions print. */
    functionsLog: string;
  }
}

const REPORT = resolve(import.meta.dirname, '../../.local/grants.txt');

export default async function setup(project: TestProject) {
  const logs = await mkdtemp(join(tmpdir(), 'roster-flows-'));
  const { assembly } = await assemblyOfSources();
  const stack = await startStack({
    port: 0,
    quiet: true,
    logs,
    assembly,
    // Stories call every function, again and again: a smaller number would end most of them just to start them anew.
    instances: 100,
    onBroken: (reason) => console.error(reason),
  });
  const bucket = await startTestBucket();
  project.provide('stack', stack.description);
  project.provide('functionsLog', join(logs, 'functions.log'));
  project.provide('dynamoDbEndpoint', stack.description.dynamodb_endpoint);
  project.provide('s3Endpoint', bucket.endpoint);
  return async () => {
    await Promise.all([stack.close(), bucket.close()]);
    const log = await readFile(join(logs, 'functions.log'), 'utf8').catch(() => '');
    await rm(logs, { recursive: true, force: true });
    const [secret] = secretsIn(log);
    if (secret) throw new Error(`the functions wrote a ${secret} to their log`);
    const lines: Record<string, unknown>[] = log.split('\n').flatMap((line) => (line ? [JSON.parse(line)] : []));
    const faulty = lines.filter((line) => 'request_id' in line).flatMap(faultsOf);
    if (faulty.length > 0) throw new Error(`CloudWatch would not take the metrics of a log line: ${faulty[0]}`);
    const { refused, grants } = stack.permissions;
    const report = grantReport(grants);
    await mkdir(dirname(REPORT), { recursive: true });
    await writeFile(REPORT, report.text);
    if (refused.length > 0) throw new Error([...new Set(refused)].join('\n'));
    // A grant that a part of the flows does not use says nothing.
    if (report.faults.length > 0 && (await isWhole(project)))
      throw new Error(`${report.faults.join('\n')}\nAll grants: ${REPORT}`);
  };
}

/** Whether all files of the project ran, unfiltered, and nothing failed. */
async function isWhole(project: TestProject): Promise<boolean> {
  const { testFiles } = await project.globTestFiles();
  const ran = project.vitest.state.getTestModules().filter((module) => module.project === project);
  const filtered = project.globalConfig.testNamePattern !== undefined;
  return !filtered && ran.length === testFiles.length && ran.every((module) => module.ok());
}
