import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, inject, test } from 'vitest';
import { Given } from '../../support/story.ts';
import { world } from '../../support/world.ts';

const browser = ['chromium', 'chromium-browser', 'google-chrome'].find(
  (name) => spawnSync(name, ['--version'], { stdio: 'ignore' }).status === 0,
);

/** What the README tells pages to do, and then all that pages do with files besides. */
const script = async (given: object) => {
  const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
  const [, upload] = /```js\n(.*?)```/s.exec(readme) ?? [];
  return `
    const { api, app_id, token, group_id } = ${JSON.stringify(given)};
    const seen = {};
    const bytes = new Uint8Array(5e6).map((_, i) => i * 7);
    const file = new File([bytes], 'fünf 图 😀.bin', { type: 'application/x-five' });
    const post = ({ upload_url, oss_body_param }, content) => new Promise((done, fail) => {
      const form = new FormData();
      for (const [name, value] of Object.entries(oss_body_param)) form.append(name, value);
      form.append('file', content);
      const request = new XMLHttpRequest();
      let progress = false;
      request.upload.onprogress = () => { progress = true; };
      request.onload = () => done({ status: request.status, progress });
      request.onerror = () => fail(new Error('the form was not posted'));
      request.open('POST', upload_url);
      request.send(form);
    });
    try {
      ${upload}
      const reserved = await ask('/group/file/upload', { group_id, name, size, type });
      const headers = { 'content-type': type };
      seen.put = (await fetch(reserved.url, { method: 'PUT', body: file, headers })).status;
      const query = '&app_id=' + app_id + '&access-token=' + token;
      const download = await fetch(upload.download_url + query);
      const back = new Uint8Array(await download.arrayBuffer());
      seen.same = back.length === bytes.length && back.every((byte, i) => byte === bytes[i]);
      seen.withHeaders = (await fetch(upload.download_url, { headers: { app_id, 'access-token': token } })).status;
      const canvas = Object.assign(document.createElement('canvas'), { width: 3, height: 2 });
      canvas.getContext('2d').fillRect(0, 0, 3, 2);
      const avatar = await ask('/file/upload/avatar/user');
      seen.avatar = await post(avatar, await new Promise((done) => canvas.toBlob(done)));
      const image = new Image();
      image.src = avatar.download_url + query;
      await image.decode();
      seen.image = [image.naturalWidth, image.naturalHeight];
    } catch (error) {
      seen.error = String(error.stack ?? error);
    }
    await fetch('/seen', { method: 'POST', body: JSON.stringify(seen) });`;
};

// Where no Chromium is installed this is skipped, and counted so.
test.skipIf(!browser)('A page in Chromium uploads and downloads files and shows avatars', async () => {
  const given = await Given.app(await world('over HTTP'));
  const alice = await given.user();
  const group_id = await given.group(alice);
  const { api_endpoint: api } = inject('stack');
  const page = await script({ api, app_id: given.app, token: alice.token, group_id });
  let tell: (seen: string) => void;
  const told = new Promise<string>((resolve) => {
    tell = resolve;
  });
  const server = createServer(async (request, response) => {
    if (request.url === '/seen') tell(await text(request));
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(request.url === '/' ? `<script type="module">${page}</script>` : '');
  }).listen(0, '127.0.0.1');
  await new Promise((ready) => server.once('listening', ready));
  const profile = await mkdtemp(join(tmpdir(), 'chromium-'));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--remote-debugging-port=0'];
  const child = spawn(browser!, [...options, `--user-data-dir=${profile}`, address], { stdio: 'ignore' });
  try {
    expect(JSON.parse(await told)).toEqual({
      put: 200,
      same: true,
      withHeaders: 200,
      avatar: { status: 200, progress: true },
      image: [3, 2],
    });
    const [listed] = await alice.lists('GET /group/file/list', { group_id });
    expect(listed).toMatchObject({ name: 'fünf 图 😀.bin', size: 5e6, type: 'application/x-five' });
  } finally {
    child.kill('SIGKILL');
    await new Promise((ended) =>
      child.exitCode === null && child.signalCode === null ? child.once('exit', ended) : ended(0),
    );
    server.closeAllConnections();
    server.close();
    await rm(profile, { recursive: true, force: true, maxRetries: 5 });
  }
});
