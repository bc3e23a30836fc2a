/** `npm start [-- --data DIR] [--quiet]`: the product on this machine, until Ctrl-C. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { StartUpError } from './dynamodb-local.ts';
import { type Stack, type StackDescription, startStack } from './stack.ts';

const FOLDER = resolve(import.meta.dirname, '../../.local');
const DESCRIPTION = join(FOLDER, 'stack.json');

const starting = new AbortController();
let stack: Promise<Stack> | undefined;
let written = false;
let ending = false;

async function end(exitCode: number, reason?: string) {
  if (ending) return;
  ending = true;
  if (reason) console.error(reason);
  if (written) rmSync(DESCRIPTION, { force: true });
  starting.abort();
  await (await stack?.catch(() => undefined))?.close();
  process.exit(exitCode);
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    // Whoever asks twice does not want to wait.
    if (ending) process.exit(1);
    console.log('\nShutting down …');
    end(0);
  });
}

try {
  const { data, quiet } = readArguments();
  stack = startStack({
    port: Number(process.env.PORT ?? 8080),
    data,
    quiet,
    signal: starting.signal,
    onProgress: (step) => console.log(`  ${step}`),
    onBroken: (reason) => end(1, reason),
  });
  const { description } = await stack;
  if (!ending) {
    mkdirSync(FOLDER, { recursive: true });
    writeFileSync(DESCRIPTION, `${JSON.stringify(description, null, 2)}\n`, { mode: 0o600 });
    written = true;
    console.log(welcome(description));
  }
} catch (error) {
  // The whole error is for faults of the stack itself; what a person can mend is one sentence.
  if (!(error instanceof StartUpError)) console.error(error);
  await end(1, error instanceof StartUpError ? error.message : undefined);
}

function readArguments(): { data: string | undefined; quiet: boolean } {
  try {
    const { values } = parseArgs({
      options: { data: { type: 'string' }, quiet: { type: 'boolean', default: false } },
    });
    return { data: values.data && resolve(values.data), quiet: values.quiet };
  } catch (error) {
    throw new StartUpError(`${(error as Error).message} Usage: npm start -- [--data DIR] [--quiet]`);
  }
}

function welcome({ api_endpoint: api, app_id: app, admin_token: token }: StackDescription): string {
  const json = `-H 'content-type: application/json'`;
  return `
  Endpoint     ${api}
  App id       ${app}
  Admin token  ${token}

  Register a user, log in, and make a group as that user:

curl -s ${api}/user/register/v2 -H 'app_id: ${app}' ${json} -d '{"username":"alice","password":"correct-horse"}'

TOKEN=$(curl -s ${api}/token/user -H 'app_id: ${app}' ${json} -d '{"name":"alice","password":"correct-horse"}' | sed 's/.*"token":"\\([^"]*\\)".*/\\1/')

curl -s ${api}/group/create -H 'app_id: ${app}' -H "access-token: $TOKEN" ${json} -d '{"name":"Friends","type":0,"user_list":[]}'

  All addresses and tokens: ${DESCRIPTION}
  What the functions print: ${join(FOLDER, 'functions.log')}
  Ctrl-C ends it.
`;
}
