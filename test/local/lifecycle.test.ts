/** The real `npm start`: what it leaves behind when it ends, however it ends. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { writeFixtureAssembly } from './fixture.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const DESCRIPTION = join(ROOT, '.local/stack.json');
const READY = { timeout: 100_000, interval: 100 };

interface Run {
  child: ChildProcess;
  /** All it has printed, errors too. */
  output(): string;
  exitCode: Promise<number | null>;
}

const folder = mkdtempSync(join(tmpdir(), 'lifecycle-test-'));
let assembly: string;
beforeAll(() => {
  assembly = writeFixtureAssembly(folder);
});
afterAll(() => rmSync(folder, { recursive: true }));

const runs: Run[] = [];
afterEach(async () => {
  for (const { child } of runs.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
});

function start(command: string[], env: Record<string, string> = {}): Run {
  const child = spawn(command[0]!, command.slice(1), { cwd: ROOT, env: { ...process.env, PORT: '0', ...env } });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk;
    });
  }
  const run = { child, output: () => output, exitCode: once(child, 'close').then(([code]) => code) };
  runs.push(run);
  return run;
}
const lastLine = (run: Run) => run.output().trim().split('\n').at(-1);
const START = [process.execPath, 'infra/laptop/start.ts'];
/** Serves the small application, which is there in no time. */
const startSmall = (env?: Record<string, string>) => start([...START, '--assembly', assembly], env);

/** Pids of all processes below this one, java among them. */
function descendants(pid: number): number[] {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,stat='], { encoding: 'utf8' }).trim().split('\n');
  const processes = rows
    .map((row) => row.trim().split(/\s+/))
    .map(([id, parent, stat]) => ({ id: Number(id), parent: Number(parent), stat }));
  const below = (parent: number): number[] =>
    processes
      .filter((one) => one.parent === parent && !one.stat?.startsWith('Z'))
      .flatMap(({ id }) => [id, ...below(id)]);
  return below(pid);
}
const isJava = (pid: number) =>
  existsSync(`/proc/${pid}/comm`) && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'java\n';
const isAlive = (pid: number) =>
  existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

/** Waits until it serves; gives its processes, with one function's among them. */
async function serving(run: Run, path = '/echo'): Promise<{ processes: number[]; endpoint: string }> {
  await vi.waitFor(() => {
    if (!run.output().includes('Ctrl-C ends it.')) throw new Error(run.output());
  }, READY);
  const endpoint = /Endpoint +(\S+)/.exec(run.output())?.[1] ?? '';
  await fetch(endpoint + path, { method: 'POST', body: '{}' });
  const processes = descendants(run.child.pid!);
  expect(processes.filter(isJava)).toHaveLength(1);
  return { processes, endpoint };
}
const allGone = (processes: number[]) =>
  vi.waitFor(() => expect(processes.filter(isAlive)).toEqual([]), { timeout: 10_000, interval: 50 });

describe('npm start', { timeout: 120_000 }, () => {
  it('npm start shows its steps, serves the product, and ends with all its processes when npm gets SIGTERM', async () => {
    const run = start(['npm', 'start']);
    const { processes, endpoint } = await serving(run, '/token/user');
    expect(run.output()).toMatch(/(Bundling.*Synthesizing|No source has changed).*Ready/s);
    const description = JSON.parse(readFileSync(DESCRIPTION, 'utf8'));
    expect(description.api_endpoint).toBe(endpoint);
    expect(Object.keys(description).sort()).toEqual(
      [
        ...['admin_token', 'api_endpoint', 'app_id', 'bucket_name', 'dynamodb_endpoint', 'group_id', 'users'],
        ...['other_admin_token', 'other_app_id', 's3_endpoint', 'sqs_endpoint', 'eventbridge_endpoint', 'table_name'],
      ].sort(),
    );
    // The lines that it prints work when pasted.
    const lines = run.output().match(/^(curl|TOKEN=).*$/gm) ?? [];
    expect(lines).toHaveLength(3);
    const answers = execFileSync('bash', ['-c', lines.join('\necho\n')], { encoding: 'utf8' })
      .trim()
      .split(/\n+/);
    expect(answers.map((answer) => JSON.parse(answer).code)).toEqual([200, 200]);

    run.child.kill('SIGTERM');
    await allGone(processes);
    expect(existsSync(DESCRIPTION)).toBe(false);
  });

  it('all processes end when npm is killed by SIGKILL', async () => {
    const run = start(['npm', 'start', '--', '--assembly', assembly]);
    const { processes } = await serving(run);
    run.child.kill('SIGKILL');
    await allGone(processes);
  });

  it('all processes end on SIGINT, with exit code 0', async () => {
    const run = startSmall();
    const { processes } = await serving(run);
    run.child.kill('SIGINT');
    expect(await run.exitCode).toBe(0);
    await allGone(processes);
  });

  it('all processes end when the stack is killed by SIGKILL', async () => {
    const run = startSmall();
    const { processes } = await serving(run);
    run.child.kill('SIGKILL');
    await allGone(processes);
  });

  it('all processes end when SIGTERM arrives during the start', async () => {
    const run = startSmall();
    await vi.waitFor(() => expect(descendants(run.child.pid!).some(isJava)).toBe(true), READY);
    const processes = descendants(run.child.pid!);
    run.child.kill('SIGTERM');
    await run.exitCode;
    await allGone(processes);
  });

  it('the stack ends with a sentence and exit code 1 when DynamoDB Local ends', async () => {
    const run = startSmall();
    const { processes } = await serving(run);
    process.kill(processes.find(isJava)!, 'SIGKILL');
    expect(await run.exitCode).toBe(1);
    expect(run.output()).toContain('DynamoDB Local has ended.');
    await allGone(processes);
  });

  it('a taken port is reported in one sentence', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const run = startSmall({ PORT: String(port) });
    expect(await run.exitCode).toBe(1);
    expect(run.output()).toBe(`Port ${port} is taken: choose another one with PORT=…, or PORT=0.\n`);
    server.close();
  });

  it('a missing Java is reported in one sentence', async () => {
    const run = startSmall({ PATH: '/nowhere' });
    expect(await run.exitCode).toBe(1);
    expect(lastLine(run)).toBe('DynamoDB Local needs Java 17 or newer, and there is no `java` on the PATH.');
    expect(run.output()).not.toContain('    at ');
  });

  it('a Java that is too old is reported in one sentence', async () => {
    const old = join(folder, 'old-java');
    mkdirSync(old, { recursive: true });
    writeFileSync(join(old, 'java'), '#!/bin/sh\necho java.lang.UnsupportedClassVersionError\nexit 1\n', {
      mode: 0o755,
    });
    const run = startSmall({ PATH: `${old}:${process.env.PATH}` });
    expect(await run.exitCode).toBe(1);
    expect(lastLine(run)).toBe('DynamoDB Local ended during its start: it needs Java 17 or newer.');
  });

  it.each([
    ['that cannot be created', '/proc/roster/data', undefined],
    ['whose path is a file', import.meta.filename, undefined],
    ['with a damaged database', 'damaged-database', 'dynamodb/shared-local-instance.db'],
    ['with a damaged file of apps', 'damaged-apps', 'demo-apps.json'],
    ['with a damaged file of an object', 'damaged-objects', 's3/object.json'],
  ])('a data folder %s is reported in one sentence', async (_, path, damaged) => {
    const data = resolve(folder, path);
    if (damaged) {
      mkdirSync(dirname(join(data, damaged)), { recursive: true });
      writeFileSync(join(data, damaged), '{ this is no JSON, and no database');
    }
    // The product's own assembly: the small application has no apps.
    const run = start([...START, '--data', data]);
    expect(await run.exitCode).toBe(1);
    expect(lastLine(run)).toMatch(
      /^(The folder .* cannot be used: |.* cannot be read\. Move it away: |DynamoDB Local cannot use the data )/,
    );
    expect(run.output()).not.toContain('    at ');
  });

  it('a missing folder for temporary files is reported in one sentence', async () => {
    const run = startSmall({ TMPDIR: join(folder, 'nowhere') });
    expect(await run.exitCode).toBe(1);
    expect(run.output()).toMatch(/^\S+ cannot be used: ENOENT: .*\n$/);
  });

  it('an unknown argument is answered by the usage line', async () => {
    const run = start([...START, '--nonsense']);
    expect(await run.exitCode).toBe(1);
    expect(run.output()).toContain('Usage: npm start -- [--data DIR] [--quiet] [--assembly DIR]');
  });
});
