import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { run } from '../../infra/ops/program.ts';

const MAIN = resolve(import.meta.dirname, '../../infra/ops/main.ts');

export interface Ended {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export interface RunOptions {
  /** What the operator types. */
  input?: string;
  /** The folder the command runs in; `.local/stack.json` there is the laptop stack. */
  folder?: string;
  environment?: Record<string, string>;
}

/** Compiled sources of the command line, kept between runs: they start in half the time. */
const COMPILE_CACHE = join(tmpdir(), 'roster-ops-compiled');

/** An empty folder, in which no laptop stack runs. */
export const newFolder = () => mkdtempSync(join(tmpdir(), 'roster-ops-'));

/** A folder in which a laptop stack seems to run. */
export function stackFolder(
  endpoint: string,
  table: string,
  bucket?: { endpoint: string; name: string },
  sqs?: string,
): string {
  const folder = newFolder();
  mkdirSync(join(folder, '.local'));
  const stack = {
    dynamodb_endpoint: endpoint,
    table_name: table,
    ...(bucket && { s3_endpoint: bucket.endpoint, bucket_name: bucket.name }),
    ...(sqs && { sqs_endpoint: sqs }),
  };
  writeFileSync(join(folder, '.local/stack.json'), JSON.stringify(stack));
  return folder;
}

/**
 * Runs a command in this process and its working folder: what it answers and changes is the same as in a process of
 * its own, for a tenth of the processor's time.
 */
export async function opsHere(args: string[]): Promise<Ended> {
  const ended: Ended = { exitCode: null, stdout: '', stderr: '' };
  ended.exitCode = await run(args, {
    log: (line) => {
      ended.stdout += `${line}\n`;
    },
    error: (line) => {
      ended.stderr += `${line}\n`;
    },
  });
  return ended;
}

/** Runs the command line as its own process, as operators do. */
export const ops = (args: string[], options: RunOptions = {}): Promise<Ended> => startOps(args, options).ended;

/** The same for a command that runs until it is interrupted. `soFar` grows while it runs. */
export function startOps(args: string[], { input, folder = newFolder(), environment = {} }: RunOptions = {}) {
  const env = {
    PATH: process.env.PATH ?? '',
    HOME: folder,
    AWS_EC2_METADATA_DISABLED: 'true',
    NODE_COMPILE_CACHE: COMPILE_CACHE,
    ...environment,
  };
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env });
  const soFar: Ended = { exitCode: null, stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => {
    soFar.stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    soFar.stderr += chunk;
  });
  child.stdin.end(input ?? '');
  const ended = new Promise<Ended>((done) => {
    child.on('close', (exitCode) => {
      soFar.exitCode = exitCode;
      done(soFar);
    });
  });
  return { soFar, ended, interrupt: () => child.kill('SIGINT') };
}
