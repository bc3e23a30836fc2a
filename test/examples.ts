/**
 * `npm run examples [-- test/flows/….test.ts]`: runs the flows, or these, and keeps of each operation one success and
 * one error of each code that it answered in docs/examples.json; then writes the documents that show them.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Examples } from '../shared/openapi/document.ts';
import { chosen } from './support/chosen-examples.ts';
import { RECORD_TO, type Recorded } from './support/recorder.ts';

const ROOT = resolve(import.meta.dirname, '..');
const EXAMPLES = join(ROOT, 'docs/examples.json');
const run = (command: string, ...parameters: string[]): boolean =>
  spawnSync(command, parameters, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, [RECORD_TO]: file } }).status ===
  0;

const folder = mkdtempSync(join(tmpdir(), 'roster-examples-'));
const file = join(folder, 'recorded.ndjson');
try {
  // Operations that are new must be described before their answers can be checked.
  const ran =
    run('npm', 'run', '--silent', 'docs') &&
    run('npx', 'vitest', 'run', '--project', 'flows', ...process.argv.slice(2));
  if (!ran) throw new Error('The flows failed: nothing is written.');
  const recorded = readFileSync(file, 'utf8')
    .trim()
    .split('\n')
    .map((line): Recorded => JSON.parse(line));
  const kept: Examples = existsSync(EXAMPLES) ? JSON.parse(readFileSync(EXAMPLES, 'utf8')) : {};
  writeFileSync(EXAMPLES, `${JSON.stringify(chosen(recorded, kept), null, 1)}\n`);
  run('npm', 'run', '--silent', 'docs');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
