import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, expect, test } from 'vitest';
import { BUNDLE_FILE, bundle, bundleFolder } from '../../infra/bundle.ts';
import type { FunctionDefinition } from '../../infra/local/deployment.ts';
import { routes } from '../../shared/routes/index.ts';
import { stopAt } from '../support/debugger.ts';

const root = resolve(import.meta.dirname, '../..');
mkdirSync(join(root, 'dist'), { recursive: true });
const outdir = mkdtempSync(join(root, 'dist', 'inspect-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

test('a debugger stops in the TypeScript source of a handler, at its first call and beyond its time-out', async () => {
  const rows = routes.filter(({ id }) => id === 'token/self');
  await bundle({ rows, outdir, inspect: true });
  const definition: FunctionDefinition = {
    name: 'token-self',
    arn: 'arn:aws:lambda:us-east-1:000000000000:function:token-self',
    modulePath: join(bundleFolder(outdir, 'token/self'), BUNDLE_FILE),
    handler: 'index.handler',
    environment: { TABLE_NAME: 'none' },
    memory: 512,
    timeout: 100,
    accessKeyId: 'ASIA',
    role: { name: 'r', statements: [], unreadable: [] },
    logGroup: '/aws/lambda/token-self',
  };
  const child = spawn(process.execPath, [join(root, 'test/support/inspected-pool.ts'), JSON.stringify(definition)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const next = async () => JSON.parse((await lines.next()).value ?? 'null');
  const { address } = await next();

  const file = 'shared/domain/user/presented-token.ts';
  const source = readFileSync(join(root, file), 'utf8').split('\n');
  const line = source.findIndex((text) => text.includes('const { app, token } = call')) + 1;
  const { stopped, close } = await stopAt(address, outdir, file, line);
  const headers = { app_id: 'shop', 'access-token': 'none' };
  const requestContext = { requestId: 'r', domainName: 'localhost', http: { sourceIp: '127.0.0.1' } };
  child.stdin.write(`${JSON.stringify({ headers, requestContext, rawQueryString: '' })}\n`);
  const stop = await stopped;
  expect(stop.place).toBe(`presented-token.ts:${line}`);
  expect(await stop.evaluate('call.app')).toBe('shop');
  // Longer than the function's time-out.
  await new Promise((done) => setTimeout(done, 200));
  await stop.resume();

  expect(await next()).toMatchObject({ ok: true });
  close();
  child.stdin.end();
  await new Promise((done) => child.on('exit', done));
}, 60_000);
