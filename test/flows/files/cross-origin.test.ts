import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { createGatewayServer } from '../../../infra/local/api-gateway.ts';
import { type FunctionDefinition, readDeployment } from '../../../infra/local/deployment.ts';
import type { FunctionPool } from '../../../infra/local/function-pool.ts';
import { closeServer, listen } from '../../../infra/local/listen.ts';
import { startS3Server } from '../../../infra/local/s3/server.ts';
import { readAssembly } from '../../../infra/local/template.ts';
import { synthesize } from '../../../infra/synthesize.ts';
import { routes } from '../../../shared/routes/index.ts';
import { placeholders } from '../../infra/templates.ts';
import { moduleOf } from '../../support/api.ts';
import { TEST_BUCKET } from '../../support/bucket.ts';
import { chromiumPath, launchChromium, servePage } from '../../support/chromium.ts';
import { type Form, postForm } from '../../support/files.ts';
import { Given } from '../../support/story.ts';
import { worldInProcess } from '../../support/world.ts';

const closers: (() => Promise<unknown>)[] = [];

/** Runs the handlers of this process instead of bundles. */
const pool: FunctionPool = {
  async invoke({ environment }: FunctionDefinition, event: APIGatewayProxyEventV2) {
    const requestId = randomUUID();
    const { handler } = await moduleOf(routes.find(({ id }) => id === environment.OPERATION)!);
    const context = { awsRequestId: requestId, getRemainingTimeInMillis: () => 60_000 } as Context;
    return { ok: true, payload: await handler(event, context), requestId, duration: 0, coldStart: false };
  },
  size: () => 0,
  close: async () => {},
};

/**
 * Four origins: two of pages, the API and the bucket. The configuration names the first page. Gateway and bucket follow
 * the CORS rules of the synthesized templates.
 */
describe.runIf(chromiumPath)('Configured origins, in Chromium', () => {
  let browser: Browser;
  let [own, foreign, api] = ['', '', ''];
  let given: Given;

  beforeAll(async () => {
    const pages = [await servePage(), await servePage()];
    closers.push(...pages.map(({ close }) => close));
    [own, foreign] = pages.map(({ origin }) => origin) as [string, string];
    const gateway = createGatewayServer();
    api = await listen(gateway.server);
    closers.push(() => closeServer(gateway.server));

    const rows = routes.filter(({ area }) => area === 'file');
    const { folder, bundles } = placeholders(rows);
    closers.push(() => rm(folder, { recursive: true }));
    const context = { stage: 'pages', corsOrigins: own };
    const { directory } = synthesize({ bundles, outdir: folder, routes: rows, context });
    const deployment = readDeployment(readAssembly(directory, { api, queues: 'http://queues' }));
    gateway.serve({ api: deployment.api, pool });

    const objects = await mkdtemp(join(tmpdir(), 'roster-pages-'));
    closers.push(() => rm(objects, { recursive: true }));
    const { corsRules } = deployment.buckets[0]!;
    const s3 = await startS3Server({
      folder: objects,
      buckets: [{ name: TEST_BUCKET, corsRules }],
      credentials: (accessKeyId) => (accessKeyId === 'local' ? { secretAccessKey: 'local' } : undefined),
    });
    closers.push(s3.close);
    given = await Given.app(await worldInProcess({ dynamodb: inject('dynamoDbEndpoint'), s3: s3.endpoint }));
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    for (const close of closers.reverse()) await close();
  });

  /** Runs code in a page of the origin. */
  async function inPage<T>(origin: string, code: string, values: object): Promise<T> {
    const page = await browser.newPage();
    try {
      await page.goto(origin);
      return await page.evaluate<T>(`(async ({ ${Object.keys(values)} }) => { ${code} })(${JSON.stringify(values)})`);
    } finally {
      await page.close();
    }
  }

  /** A group, and the stable address of a file in it, which the API redirects. */
  async function sharedFile() {
    const alice = await given.user();
    const group_id = await given.group(alice);
    const headers = { app_id: given.app, 'access-token': alice.token };
    const form = () => alice.does('GET /file/upload/chat', { to_type: 2, to_id: group_id });
    const uploaded: Form = await form();
    expect(await postForm(uploaded, 'content')).toBe(200);
    await alice.does('POST /group/file/upload', {
      ...{ group_id, name: 'a.txt', size: 7, type: 'text/plain' },
      url: uploaded.download_url,
    });
    const { pathname, search } = new URL(uploaded.download_url);
    return { alice, group_id, headers, form, url: `${api}${pathname}${search}` };
  }

  test('a page of the configured origin fetches a file through the redirect, with and without headers of its own', async () => {
    const { headers, url } = await sharedFile();
    const seen = await inPage(
      own,
      `const query = '&' + new URLSearchParams(headers);
       const byRequest = await new Promise((resolve) => {
         const request = new XMLHttpRequest();
         request.onload = () => resolve(request.responseText);
         request.onerror = () => resolve('refused');
         request.open('GET', url);
         for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
         request.send();
       });
       const text = (response) => response.text();
       const refused = () => 'refused';
       return {
         byQuery: await fetch(url + query).then(text, refused),
         byHeaders: await fetch(url, { headers }).then(text, refused),
         byRequest,
       };`,
      { headers, url },
    );
    expect(seen).toEqual({ byQuery: 'content', byHeaders: 'content', byRequest: 'content' });
  });

  const UPLOADS = `
    const status = (response) => response.status;
    const refused = () => 'refused';
    const fields = new FormData();
    for (const [name, value] of Object.entries(form.oss_body_param)) fields.append(name, value);
    fields.append('file', new Blob(['content']));
    return [
      await fetch(put.url, { method: 'PUT', body: 'content', headers: { 'content-type': put.type } }).then(status, refused),
      await fetch(form.direct_url, { method: 'POST', body: fields }).then(status, refused),
    ];`;

  test('a page of the configured origin can upload, and a page of another origin can neither upload nor read answers', async () => {
    const { alice, group_id, headers, form, url } = await sharedFile();
    const file = { group_id, name: 'b.txt', size: 7, type: 'text/plain' };
    const uploads = async () => ({ put: await alice.does('POST /group/file/upload', file), form: await form() });
    expect(await inPage(own, UPLOADS, await uploads())).toEqual([200, 200]);
    // A form needs no preflight, so the browser posts it and hides the answer; no page of another origin gets one.
    const keys = async () =>
      (await given.world.bucket.keysOf(given.app)).filter((key) => /\/\d+\.[\w-]{22}$/.test(key));
    const before = await keys();
    expect(await inPage(foreign, UPLOADS, await uploads())).toEqual(['refused', 'refused']);
    expect(await keys()).toEqual(before);
    const asked = `return fetch(url + '&' + new URLSearchParams(headers)).then(() => 'read', () => 'refused');`;
    expect(await inPage(foreign, asked, { headers, url })).toBe('refused');
  });
});
