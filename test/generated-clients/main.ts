/**
 * `npm run test:generated`: checks docs/openapi.json as other people's tools read it. A linter finds nothing by its
 * strict rules, and clients that two popular generators make from it compile and work against a laptop stack. The tools
 * have their own package.json, because one of them needs an older TypeScript than this project has.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { roster } from '../../infra/laptop/roster.ts';
import { startStack } from '../../infra/local/stack.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DOCUMENT = join(ROOT, 'docs/openapi.json');
/** A copy of this folder, in which the tools are installed: `npm test` must not meet their files. */
const FOLDER = join(ROOT, 'dist/generated-clients');
/** No tool may send anything about this run. */
const env = { ...process.env, REDOCLY_TELEMETRY: 'off', REDOCLY_SUPPRESS_UPDATE_NOTICE: 'true' };

function run(what: string, command: string, ...parameters: string[]): void {
  console.log(`— ${what}`);
  const { status } = spawnSync(command, parameters, { cwd: FOLDER, env, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${what}: failed`);
}

/** The calls with the generated client in one file, since generated files import each other without `.ts`. */
async function bundled(name: string): Promise<{ calls(facts: object): Promise<void> }> {
  const outfile = join(FOLDER, `generated/${name}.mjs`);
  await build({
    entryPoints: [join(FOLDER, `calls/${name}.ts`)],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    logLevel: 'error',
  });
  return import(pathToFileURL(outfile).href);
}

for (const part of ['calls', 'generated']) rmSync(join(FOLDER, part), { recursive: true, force: true });
cpSync(import.meta.dirname, FOLDER, { recursive: true });
run('Installing the tools', 'npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund');
run('Linting', 'npx', 'redocly', 'lint', DOCUMENT, '--extends=recommended-strict');
run('openapi-typescript', 'npx', 'openapi-typescript', DOCUMENT, '-o', 'generated/openapi-typescript.ts');
run('Hey API', 'npx', 'openapi-ts', '-i', DOCUMENT, '-o', 'generated/hey-api', '--no-log-file');
run('Checking the types', 'npx', 'tsc', '-p', '.');
const logs = mkdtempSync(join(tmpdir(), 'roster-generated-'));
const stack = await startStack({ application: roster, quiet: true, logs });
try {
  for (const name of ['openapi-typescript', 'hey-api']) {
    const { calls } = await bundled(name);
    await calls(stack.description);
    console.log(`— The client of ${name} works`);
  }
} finally {
  await stack.close();
  rmSync(logs, { recursive: true, force: true });
}
