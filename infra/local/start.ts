/** `npm start [-- --data DIR] [--quiet] [--assembly DIR] [--no-iam] [--unkind SEED]`: the product on this machine, until Ctrl-C. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type Stack, type StackDescription, startStack } from './stack.ts';
import { StartUpError } from './start-up.ts';

const FOLDER = resolve(import.meta.dirname, '../../.local');
const DESCRIPTION = join(FOLDER, 'stack.json');

const starting = new AbortController();
let stack: Promise<Stack> | undefined;
/** What this process wrote; a stack that was started later may have written its own. */
let written: string | undefined;
let ending = false;

async function end(exitCode: number, reason?: string) {
  if (ending) return;
  ending = true;
  if (reason) console.error(reason);
  removeDescription();
  starting.abort();
  await (await stack?.catch(() => undefined))?.close();
  process.exit(exitCode);
}

function removeDescription() {
  if (existsSync(DESCRIPTION) && readFileSync(DESCRIPTION, 'utf8') === written) rmSync(DESCRIPTION);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait.
    if (ending) process.exit(1);
    console.log('\nShutting down …');
    end(0);
  });
}

// npm runs this in a shell, and hands signals to the shell only: the end of either is the signal for us.
if (process.env.npm_lifecycle_event) {
  const born = lineage();
  setInterval(() => lineage() === born || end(0), 500).unref();
}

try {
  const { data, quiet, assembly, iam, unkind } = readArguments();
  stack = startStack({
    port: Number(process.env.PORT ?? 8080),
    data,
    quiet,
    iam,
    unkind,
    ...(assembly && { assembly }),
    signal: starting.signal,
    onProgress: (step) => console.log(`  ${step}`),
    onBroken: (reason) => end(1, reason),
  });
  const { description } = await stack;
  if (!ending) {
    mkdirSync(FOLDER, { recursive: true });
    written = `${JSON.stringify(description, null, 2)}\n`;
    writeFileSync(DESCRIPTION, written, { mode: 0o600 });
    console.log(welcome(description));
  }
} catch (error) {
  // The whole error is for faults of the stack itself; what a person can mend is one sentence.
  const sentence = sentenceOf(error);
  if (sentence === undefined && !ending) console.error(error);
  await end(1, sentence);
}

/** Of what a person can mend: what the start says itself, and files and folders that cannot be used. */
function sentenceOf(error: unknown): string | undefined {
  if (error instanceof StartUpError) return error.message;
  const { path, message } = error as NodeJS.ErrnoException;
  return path && `${path} cannot be used: ${message}.`;
}

/** The parent's process id and, where the system tells, its parent's: they change when either has ended. */
function lineage(): string {
  try {
    const stat = readFileSync(`/proc/${process.ppid}/stat`, 'utf8');
    return `${process.ppid} ${stat.slice(stat.lastIndexOf(')')).split(' ')[2]}`;
  } catch {
    return String(process.ppid);
  }
}

/** `data` and `assembly` are folders; an assembly (`cdk.out`) is served as it is, without bundling and synthesizing. */
function readArguments() {
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
      assembly: values.assembly && resolve(values.assembly),
      iam: !values['no-iam'],
      unkind: values.unkind === undefined ? undefined : Number(values.unkind),
    };
  } catch (error) {
    const usage = 'Usage: npm start -- [--data DIR] [--quiet] [--assembly DIR] [--no-iam] [--unkind SEED]';
    throw new StartUpError(`${(error as Error).message} ${usage}`);
  }
}

function welcome({ api_endpoint: api, app_id: app, admin_token: token }: StackDescription): string {
  const page = pathToFileURL(resolve(import.meta.dirname, '../../examples/files.html'));
  page.hash = new URLSearchParams({ api, app_id: app, name: 'alice' }).toString();
  const json = `-H 'content-type: application/json'`;
  return `
  Endpoint     ${api}
  App id       ${app}
  Admin token  ${token}
  Try it       ${api}/docs

  Register a user, log in, and make a group as that user:

curl -s ${api}/user/register/v2 -H 'app_id: ${app}' ${json} -d '{"username":"alice","password":"correct-horse"}'

TOKEN=$(curl -s ${api}/token/user -H 'app_id: ${app}' ${json} -d '{"name":"alice","password":"correct-horse"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

curl -s ${api}/group/create -H 'app_id: ${app}' -H "access-token: $TOKEN" ${json} -d '{"name":"Friends","type":0,"user_list":[]}'

  A group's files in a browser: ${page}
  All addresses and tokens: ${DESCRIPTION}
  What the functions print: ${join(FOLDER, 'functions.log')}
  Ctrl-C ends it.
`;
}
