import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { handler as Handler } from '../../functions/console.ts';
import { BUNDLE_FILE, bundle, bundleFolder } from '../../infra/bundle.ts';
import { consolePage } from '../../shared/routes/index.ts';

const dist = resolve(import.meta.dirname, '../../dist');
mkdirSync(dist, { recursive: true });
const outdir = mkdtempSync(join(dist, 'console-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

let handler: typeof Handler;
beforeAll(async () => {
  await bundle({ rows: [consolePage], outdir });
  ({ handler } = await import(/* @vite-ignore */ join(bundleFolder(outdir, 'console'), BUNDLE_FILE)));
});
const get = (rawPath: string, rawQueryString = '') => handler({ rawPath, rawQueryString, headers: {} });
const policyOf = async (query: string) =>
  String((await get('/console', query)).headers?.['content-security-policy']).split('; ');

describe('the page /console', () => {
  test('the page is one small function with at most 120 KB of compressed files', () => {
    const folder = bundleFolder(outdir, 'console');
    expect(statSync(join(folder, BUNDLE_FILE)).size).toBeLessThan(10_000);
    const bytes = readdirSync(join(folder, 'files')).map((name) => statSync(join(folder, 'files', name)).size);
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThanOrEqual(120_000);
  });

  test('the page has no script or style of its own, and its files are cached for good', async () => {
    const { body = '' } = await get('/console');
    expect(body).not.toMatch(/<script(?! src="console\/)|<style|style=|\son\w+=/);
    const names = [...body.matchAll(/"(console\/[^"]+)"/g)].map(([, name]) => name!);
    expect(names).toHaveLength(2);
    for (const name of names) {
      const { statusCode, headers } = await get(`/${name}`);
      expect([statusCode, headers?.['cache-control']]).toEqual([200, 'public, max-age=31536000, immutable']);
    }
  });

  test('the policy lets the page call its own API, or the one service that its address names, and nothing else', async () => {
    const of = async (api: string) =>
      (await policyOf(new URLSearchParams({ api }).toString())).find((part) => part.startsWith('connect-src'));
    const policy = await policyOf('');
    expect(policy).toEqual(
      expect.arrayContaining(["default-src 'none'", "script-src 'self'", "style-src 'self'", "connect-src 'self'"]),
    );
    expect(policy.join()).not.toContain('unsafe');
    expect(await of('https://api.example.com')).toBe("connect-src 'self' https://api.example.com");
    for (const wrong of [
      'http://api.example.com',
      "https://a.example; script-src 'unsafe-inline'",
      'https://*',
      'data:',
    ])
      expect(await of(wrong)).toBe("connect-src 'self'");
  });

  test('the page tells which deployment it belongs to', async () => {
    const before = { ...process.env };
    Object.assign(process.env, { STAGE: 'prod', AWS_REGION: 'eu-central-1' });
    const { body } = await get('/console/config.json');
    process.env = before;
    expect(JSON.parse(body!)).toEqual({ stage: 'prod', region: 'eu-central-1' });
  });

  test.each(['/console/none.js', '/console/..%2findex.mjs', '/console/index.html.br', '/console/'])(
    'the page answers 404 to %s',
    async (path) => {
      expect((await get(path)).statusCode).toBe(404);
    },
  );
});
