/** `npm start -- --watch`, in a copy of the project whose sources may be changed. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';

const ROOT = resolve(import.meta.dirname, '../..');
const LEFT_OUT = ['node_modules', 'dist', '.git', '.local', 'cdk.out'];
const WAIT = { timeout: 100_000, interval: 100 };

const copy = join(mkdtempSync(join(tmpdir(), 'watch-test-')), 'project');
afterAll(() => rmSync(resolve(copy, '..'), { recursive: true, maxRetries: 3 }));

it('a change of a source is served without a restart, one that cannot be built is told and changes nothing, and data stays', async () => {
  cpSync(ROOT, copy, { recursive: true, filter: (path) => !LEFT_OUT.includes(basename(path)) });
  symlinkSync(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  const child = spawn(process.execPath, ['infra/laptop/start.ts', '--watch'], {
    cwd: copy,
    env: { ...process.env, PORT: '0' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  try {
    await vi.waitFor(() => expect(output).toContain('Sources are watched.'), WAIT);
    const { api_endpoint: api, app_id } = JSON.parse(readFileSync(join(copy, '.local/stack.json'), 'utf8'));
    const post = async (path: string, body: object) => {
      const headers = { app_id, 'content-type': 'application/json' };
      const answer = await fetch(api + path, { method: 'POST', headers, body: JSON.stringify(body) });
      return (await answer.json()) as { message: string; data: { user_id: number } };
    };
    const register = () => post('/user/register/v2', { username: 'watcher', password: 'correct-horse' });
    const login = () => post('/token/user', { name: 'watcher', password: 'correct-horse' });
    const change = (from: string, to: string) => {
      const file = join(copy, 'shared/errors.ts');
      const source = readFileSync(file, 'utf8');
      expect(source).toContain(from);
      writeFileSync(file, source.replace(from, to));
    };
    const told = (text: string) => vi.waitFor(async () => expect((await register()).message).toContain(text), WAIT);

    const { user_id } = (await register()).data;
    await told('username: already exists');
    change("'username: already exists'", "'Watched: already exists'");
    await told('Watched: already exists');
    change("'Watched: already exists'", "Watched: already exists'");
    await vi.waitFor(() => expect(output).toContain('The stack serves what it served before.'), WAIT);
    await told('Watched: already exists');
    change("Watched: already exists'", "'Mended: already exists'");
    await told('Mended: already exists');
    expect(await login()).toMatchObject({ code: 200, data: { user_id } });
  } finally {
    child.kill('SIGTERM');
    await once(child, 'close');
  }
});
