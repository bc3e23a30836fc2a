/** The command line of the stack: serves an application until it is interrupted. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Application } from './application.ts';
import { type Stack, type StackDescription, startStack } from './stack.ts';
import { StartUpError } from './start-up.ts';

interface CommandOptions<Facts extends object> {
  /** How a person calls it, for the usage line: `npm start --`. */
  usage: string;
  /** Shown when the stack serves. */
  welcome(description: StackDescription<Facts>): string;
}

/**
 * Runs the stack by the arguments of this process, on the port of the environment variable PORT, and ends the process
 * with the stack. While the stack serves, `stack.json` in the application's folder describes it.
 */
export async function runCommand<Facts extends object>(
  application: Application<Facts>,
  { usage, welcome }: CommandOptions<Facts>,
): Promise<void> {
  const descriptionFile = join(application.folder, 'stack.json');
  const starting = new AbortController();
  let stack: Promise<Stack<Facts>> | undefined;
  /** The description as this process wrote it. A stack that started later may have replaced it. */
  let written: string | undefined;
  let ending = false;

  const removeDescription = () => {
    if (existsSync(descriptionFile) && readFileSync(descriptionFile, 'utf8') === written) rmSync(descriptionFile);
  };
  const end = async (exitCode: number, reason?: string) => {
    if (ending) return;
    ending = true;
    if (reason) console.error(reason);
    removeDescription();
    starting.abort();
    await (await stack?.catch(() => undefined))?.close();
    process.exit(exitCode);
  };

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A second signal ends the process without waiting.
      if (ending) process.exit(1);
      console.log('\nShutting down …');
      end(0);
    });
  }
  // npm runs this process in a shell and sends signals only to the shell. So it ends when npm or the shell has ended.
  if (process.env.npm_lifecycle_event) {
    const atStart = lineage();
    setInterval(() => lineage() === atStart || end(0), 500).unref();
  }

  try {
    stack = startStack({
      application,
      port: Number(process.env.PORT ?? 8080),
      ...readArguments(usage),
      signal: starting.signal,
      onProgress: (step) => console.log(`  ${step}`),
      onBroken: (reason) => end(1, reason),
    });
    const { description } = await stack;
    if (ending) return;
    mkdirSync(application.folder, { recursive: true });
    written = `${JSON.stringify(description, null, 2)}\n`;
    writeFileSync(descriptionFile, written, { mode: 0o600 });
    console.log(`${welcome(description)}
  All addresses and tokens: ${descriptionFile}
  What the functions print: ${join(application.folder, 'functions.log')}
  Ctrl-C ends it.
`);
  } catch (error) {
    // An error that a person can correct is one sentence. The stack trace is for faults of the stack itself.
    const sentence = sentenceOf(error);
    if (sentence === undefined && !ending) console.error(error);
    await end(1, sentence);
  }
}

/** The sentence of an error that a person can correct: of the start itself, or of a file or folder. */
function sentenceOf(error: unknown): string | undefined {
  if (error instanceof StartUpError) return error.message;
  const { path, message } = error as NodeJS.ErrnoException;
  return path && `${path} cannot be used: ${message}.`;
}

/** Process ids of the parent and, where the system tells it, of the parent's parent. They change when either ends. */
function lineage(): string {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`;
  } catch {
    return String(process.ppid);
  }
}

function readArguments(usage: string) {
  try {
    const { values } = parseArgs({
      options: {
        data: { type: 'string' },
        quiet: { type: 'boolean', default: false },
        assembly: { type: 'string' },
        'no-iam': { type: 'boolean', default: false },
        unkind: { type: 'string' },
      },
    });
    if (values.unkind !== undefined && !/^\d{1,9}$/.test(values.unkind))
      throw new Error('--unkind takes a whole number, the seed.');
    return {
      data: values.data && resolve(values.data),
      quiet: values.quiet,
      ...(values.assembly && { assembly: resolve(values.assembly) }),
      iam: !values['no-iam'],
      unkind: values.unkind === undefined ? undefined : Number(values.unkind),
    };
  } catch (error) {
    const options = '[--data DIR] [--quiet] [--assembly DIR] [--no-iam] [--unkind SEED]';
    throw new StartUpError(`${(error as Error).message} Usage: ${usage} ${options}`);
  }
}
