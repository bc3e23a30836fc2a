import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { handler as Handler } from '../../functions/docs.ts';
import { BUNDLE_FILE, bundle, bundleFolder } from '../../infra/bundle.ts';
import { docsPage } from '../../shared/routes/index.ts';

/** The most that Lambda hands to the gateway, in bytes of JSON. */
const PAYLOAD_LIMIT = 6 * 1024 * 1024;

const root = resolve(import.meta.dirname, '../..');
mkdirSync(join(root, 'dist'), { recursive: true });
const outdir = mkdtempSync(join(root, 'dist', 'page-'));
afterAll(() => rmSync(outdir, { recursive: true, force: true }));

let handler: typeof Handler;
let page: string;
beforeAll(async () => {
  await bundle({ rows: [docsPage], outdir });
  ({ handler } = await import(/* @vite-ignore */ join(bundleFolder(outdir, 'docs'), BUNDLE_FILE)));
  page = (await get('/docs')).body!;
});
const get = (rawPath: string, headers: Record<string, string> = {}) => handler({ rawPath, headers });

describe('the page that describes the API', () => {
  test('the page is one small function with compressed files', () => {
    const folder = bundleFolder(outdir, 'docs');
    expect(statSync(join(folder, BUNDLE_FILE)).size).toBeLessThan(10_000);
    const bytes = readdirSync(join(folder, 'files')).map((name) => statSync(join(folder, 'files', name)).size);
    expect(bytes.reduce((sum, size) => sum + size)).toBeLessThan(600_000);
  });

  test('the page loads everything from this API, and its policy allows nothing else', async () => {
    const addresses = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, address]) => address!);
    expect(addresses.filter((address) => !/^(docs\/|openapi\.json|data:)/.test(address))).toEqual([]);
    const { headers } = await get('/docs');
    expect(headers?.['content-security-policy']).toContain("default-src 'none'; script-src 'self'");
  });

  test('every file that the page names is there, cached for good, and below the payload limit', async () => {
    const names = [...page.matchAll(/"(docs\/[^"]+)"/g)].map(([, name]) => name!);
    expect(names).toHaveLength(4);
    for (const name of names) {
      for (const headers of [{}, { 'accept-encoding': 'gzip, deflate, br' }]) {
        const answer = await get(`/${name}`, headers);
        expect(answer.statusCode).toBe(200);
        expect(answer.headers?.['cache-control']).toContain('immutable');
        expect(JSON.stringify(answer).length).toBeLessThan(PAYLOAD_LIMIT);
      }
    }
  });

  test('the page is sent compressed to clients that accept it, and plain to others', async () => {
    const compressed = await get('/openapi.json', { 'accept-encoding': 'br' });
    expect(compressed).toMatchObject({ isBase64Encoded: true, headers: { 'content-encoding': 'br' } });
    const plain = await get('/openapi.json');
    expect(plain.headers).not.toHaveProperty('content-encoding');
    expect(compressed.body!.length).toBeLessThan(plain.body!.length / 5);
    const document = JSON.parse(readFileSync(join(root, 'docs/openapi.json'), 'utf8'));
    expect(JSON.parse(plain.body!)).toEqual(document);
  });

  test('the description of the events is beside that of the API', async () => {
    const { statusCode, headers, body } = await get('/asyncapi.json');
    expect([statusCode, headers?.['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
    expect(JSON.parse(body!)).toEqual(JSON.parse(readFileSync(join(root, 'docs/asyncapi.json'), 'utf8')));
  });

  test.each(['/docs/demo.json', '/docs/none.js', '/docs/..%2findex.mjs', '/docs/index.html.br', '/docs/'])(
    'the page answers 404 to %s',
    async (path) => {
      expect((await get(path)).statusCode).toBe(404);
    },
  );
});
