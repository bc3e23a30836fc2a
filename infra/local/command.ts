/** The command line of the stack: serves an application until it is interrupted. */
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import inspector from 'node:inspector';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Application } from './application.ts';
import { startDynamoDbLocal } from './dynamodb-local.ts';
import { runningThreads } from './function-instance.ts';
import { type Stack, type StackDescription, type StackOptions, startStack } from './stack.ts';
import { StartUpError, useFolder } from './start-up.ts';
import { watchSources } from './watch.ts';

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
  /** What `--watch` keeps beyond a stack. */
  const kept: (() => unknown)[] = [];

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
    for (const close of kept.reverse()) await close();
    if (runningThreads.size > 0) process.kill(process.pid, 'SIGKILL');
    process.exit(exitCode);
  };

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      // A second signal ends the process without waiting.
      if (ending) process.kill(process.pid, 'SIGKILL');
      console.log('\nShutting down …');
      end(0);
    });
  }
  // npm runs this process in a shell and sends signals only to the shell. So it ends when npm or the shell has ended.
  if (process.env.npm_lifecycle_event) {
    const atStart = lineage();
    setInterval(() => lineage() === atStart || end(0), 500).unref();
  }

  /** The assembly that is served; each build of other sources has a folder of its own. */
  let served: string | undefined;
  /** Serves what the sources are now, if they build. @returns why they do not */
  const rebuild = async (options: StackOptions<Facts>): Promise<string | undefined> => {
    const { inspect = false, signal = starting.signal } = options;
    let assembly: string;
    try {
      assembly = await application.assembly({ inspect, signal });
    } catch (error) {
      return ending ? undefined : ((error as Error).message ?? String(error));
    }
    if (ending || assembly === served) return undefined;
    console.log('\n  The sources have changed: the functions start again with the data as it is.');
    await (await stack)?.close();
    if (ending) return undefined;
    try {
      await serve({ ...options, application: { ...application, assembly: async () => assembly } });
      served = assembly;
    } catch (error) {
      // The templates may name what the stack cannot serve, or another shape of the table.
      end(1, sentenceOf(error) ?? String(error));
    }
    return undefined;
  };

  /** Starts the stack and tells of it. */
  const serve = async (options: StackOptions<Facts>): Promise<StackDescription<Facts>> => {
    stack = startStack(options);
    const { description } = await stack;
    if (ending) return description;
    mkdirSync(application.folder, { recursive: true });
    written = `${JSON.stringify(description, null, 2)}\n`;
    writeFileSync(descriptionFile, written, { mode: 0o600 });
    return description;
  };

  try {
    const { watch, ...given } = readArguments(usage);
    const options: StackOptions<Facts> = {
      application: {
        ...application,
        assembly: async (build) => {
          served = await application.assembly(build);
          return served;
        },
      },
      port: Number(process.env.PORT ?? 8080),
      ...given,
      signal: starting.signal,
      onProgress: (step) => console.log(`  ${step}`),
      onBroken: (reason) => end(1, reason),
    };
    if (given.inspect) openInspector();
    if (watch) {
      options.data ??= temporaryFolder(application.name, kept);
      useFolder(join(options.data, 'dynamodb'));
      // In memory where nothing is kept.
      options.database = await startDynamoDbLocal({
        peak: given.peak,
        ...(given.data && { dataDir: join(given.data, 'dynamodb') }),
      });
      kept.push(options.database.close);
    }
    const description = await serve(options);
    if (ending) return;
    console.log(`${welcome(description)}
  All addresses and tokens: ${descriptionFile}
  What the functions print: ${join(application.folder, 'functions.log')}${given.inspect ? `\n  Debugger: ${inspector.url()}` : ''}${watch ? '\n  Sources are watched.' : ''}
  Ctrl-C ends it.
`);
    if (watch) {
      const port = Number(new URL(description.api_endpoint).port);
      const watching = watchSources(application.sources ?? [], async () => {
        const failed = await rebuild({ ...options, port });
        if (failed !== undefined) console.error(`${failed}\n  The stack serves what it served before.`);
      });
      kept.push(watching.close);
    }
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
        watch: { type: 'boolean', default: false },
        inspect: { type: 'boolean', default: false },
        peak: { type: 'boolean', default: false },
        unkind: { type: 'string' },
      },
    });
    if (values.unkind !== undefined && !/^\d{1,9}$/.test(values.unkind))
      throw new Error('--unkind takes a whole number, the seed.');
    if (values.watch && values.assembly)
      throw new Error('--watch builds the sources, --assembly serves templates: use one.');
    return {
      watch: values.watch,
      inspect: values.inspect,
      peak: values.peak,
      data: values.data && resolve(values.data),
      quiet: values.quiet,
      ...(values.assembly && { assembly: resolve(values.assembly) }),
      iam: !values['no-iam'],
      unkind: values.unkind === undefined ? undefined : Number(values.unkind),
    };
  } catch (error) {
    const options = '[--data DIR] [--quiet] [--assembly DIR] [--no-iam] [--unkind SEED] [--watch] [--inspect] [--peak]';
    throw new StartUpError(`${(error as Error).message} Usage: ${usage} ${options}`);
  }
}

/**
 * Lets debuggers attach to this process, whose threads the functions are, on the port of the environment variable
 * INSPECT_PORT.
 */
function openInspector(): void {
  const port = Number(process.env.INSPECT_PORT ?? 9229);
  inspector.open(port, '127.0.0.1');
  if (!inspector.url())
    throw new StartUpError(`A debugger cannot listen on port ${port}: choose another INSPECT_PORT.`);
}

function temporaryFolder(name: string, kept: (() => unknown)[]): string {
  const folder = mkdtempSync(join(tmpdir(), `${name}-watch-`));
  kept.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  return folder;
}
