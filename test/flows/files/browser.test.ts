import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium } from '../../support/chromium.ts';
import { laptopStack } from '../../support/stack.ts';
import { Given, PASSWORD, type Person } from '../../support/story.ts';
import { world } from '../../support/world.ts';

const EXAMPLE = new URL('../../../examples/files.html', import.meta.url);
const NAME = 'fünf 图 😀.bin';
/** Folder for pictures of the example, for people to look at. */
const PICTURES = process.env.PICTURES;

describe.runIf(chromiumPath)('The example page for files, in Chromium', () => {
  const bytes = Buffer.from(new Uint8Array(5e6).map((_, i) => i * 7));
  let browser: Browser;
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'roster-pages-'));
    await writeFile(join(folder, NAME), bytes);
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await rm(folder, { recursive: true, force: true });
  });

  /** The example in a fresh window; `values` prefill its form. An uncaught error of the page fails the test. */
  async function open(values: Record<string, unknown>, options: BrowserContextOptions = {}) {
    const page = await (await browser.newContext(options)).newPage();
    const faults: Error[] = [];
    page.on('pageerror', (fault) => faults.push(fault));
    const close = async () => {
      await page.context().close();
      expect(faults).toEqual([]);
    };
    await page.goto(`${EXAMPLE}#${new URLSearchParams(values as Record<string, string>)}`);
    return { page, close };
  }

  const picture = async (page: Page, name: string) => {
    if (PICTURES) await page.screenshot({ path: join(PICTURES, `${name}.png`), fullPage: true });
  };

  const group = async (limits = {}) => {
    const given = await Given.app(await world('over HTTP'), limits);
    const alice = await given.user('alice');
    const group_id = await given.group(alice);
    const { api_endpoint: api } = await laptopStack();
    const as = ({ token }: Person) => ({ api, app_id: given.app, group_id, token });
    const files = () => alice.lists('GET /group/file/list', { group_id });
    return { given, alice, group_id, api, as, files };
  };

  const answer = async (page: Page, button: string, text?: string) => {
    if (text !== undefined) await page.getByRole('dialog').getByRole('textbox').fill(text);
    await page.getByRole('dialog').getByRole('button', { name: button }).click();
  };

  const rowsOf = (page: Page) => page.getByRole('list', { name: 'Files' }).getByRole('listitem');

  test.each(['put', 'form'])('the example page uploads (%s), downloads, renames and deletes a file', async (way) => {
    const { alice, as, files } = await group();
    const { page, close } = await open(as(alice));
    await page.getByText('No files yet.').waitFor();
    expect(page.url()).not.toContain(alice.token);

    // The upload takes two seconds, so that its progress can be seen.
    const network = await page.context().newCDPSession(page);
    await network.send('Network.enable');
    await network.send('Network.emulateNetworkConditions', {
      offline: false,
      latency: 0,
      downloadThroughput: -1,
      uploadThroughput: 2.5e6,
    });
    await page.getByLabel('How').selectOption(way);
    await page.getByLabel('Upload files').setInputFiles(join(folder, NAME));
    await page.waitForFunction("Math.abs((document.querySelector('progress')?.value ?? 0) - 0.5) < 0.4");
    await picture(page, `${way}-progress`);
    await page.getByText(`${NAME} is uploaded.`).waitFor();
    expect(await page.getByRole('progressbar').count()).toBe(0);
    expect(await rowsOf(page).innerText()).toMatch(
      new RegExp(`^${NAME}\\s+5 MB · application/octet-stream · by ${alice.id}`),
    );
    expect(await files()).toMatchObject([{ name: NAME, size: 5e6, type: 'application/octet-stream' }]);

    const starts = page.waitForEvent('download');
    await page.getByRole('button', { name: 'Download' }).click();
    const download = await starts;
    expect(download.suggestedFilename()).toBe(NAME);
    expect(bytes.equals(await readFile(await download.path()))).toBe(true);

    await page.getByRole('button', { name: 'Rename' }).click();
    await answer(page, 'Rename', 'sechs <b>6</b>.bin');
    await page.getByText('is now sechs <b>6</b>.bin.').waitFor();
    expect(await files()).toMatchObject([{ name: 'sechs <b>6</b>.bin' }]);

    await page.getByRole('button', { name: 'Delete' }).click();
    await answer(page, 'Cancel');
    expect(await files()).toHaveLength(1);
    await page.getByRole('button', { name: 'Delete' }).click();
    await answer(page, 'Delete');
    await page.getByText('No files yet.').waitFor();
    expect(await files()).toEqual([]);
    await close();
  });

  test('the example page signs in by name and password, and shows errors in words', async () => {
    const { given, alice, group_id, api, as } = await group({ file_size: 4e6 });
    const bob = await given.user('bob');
    await alice.does('POST /group/invite', { group_id, user_list: [bob.id], reason: '' });
    const record = await alice.does('POST /group/file/upload', {
      group_id,
      name: 'notes',
      size: 1,
      type: 'text/plain',
    });
    await fetch(record.url, { method: 'PUT', headers: { 'content-type': 'text/plain' }, body: 'a' });

    const { page, close } = await open({ api, app_id: given.app, group_id, name: bob.username });
    const alert = page.getByRole('alert').first();
    await page.getByRole('textbox', { name: 'Password' }).fill('something else');
    await page.getByRole('button', { name: 'Show files' }).click();
    await page.waitForFunction("document.querySelector('#problem span').textContent");
    expect(await alert.innerText()).toMatch(/^.+ \(1\d{4}\)/);
    await page.getByRole('textbox', { name: 'Password' }).fill(PASSWORD);
    await page.getByRole('button', { name: 'Show files' }).click();
    await page.getByRole('heading', { name: `Files of group ${group_id}` }).waitFor();
    expect(await alert.isHidden()).toBe(true);

    // The event of the upload may take its time.
    while ((await rowsOf(page).count()) === 0)
      await page.getByRole('button', { name: 'Refresh' }).click({ delay: 100 });
    await page.getByRole('button', { name: 'Delete notes' }).click();
    await answer(page, 'Delete');
    await page.getByText('No right to this shared file').waitFor();
    await page.getByRole('button', { name: 'Rename notes' }).click();
    await answer(page, 'Rename', 'mine');
    await page.getByText('No right to this shared file (20023)').waitFor();

    await page.getByLabel('Upload files').setInputFiles(join(folder, NAME));
    await page.getByText('Size: must be at most 4000000 (10002)').waitFor();
    await picture(page, 'refused');

    await bob.does('POST /group/leave', { group_id });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Only group members may do this (20011)').waitFor();
    await close();

    const stranger = await open({ ...as(alice), token: `${alice.token}x` });
    await stranger.page.getByText('Access-token: invalid (10008)').waitFor();
    expect(await stranger.page.getByLabel('Endpoint').isVisible()).toBe(true);
    await stranger.close();
  });

  test.each([
    ['a phone', 360, 740],
    ['a wide screen', 1440, 900],
  ])('the example page fits %s, light and dark', async (screen, width, height) => {
    const { alice, group_id, as } = await group();
    for (const name of [`${'long_name_'.repeat(20)}.txt`, 'notes of today.txt', 'תמונה 图 😀.png'])
      await alice.does('POST /group/file/upload', {
        group_id,
        name,
        size: 1234567,
        type: '',
        url: 'https://example.org/a',
      });
    const looks: string[] = [];
    for (const colorScheme of ['light', 'dark'] as const) {
      const { page, close } = await open(as(alice), { viewport: { width, height }, colorScheme });
      await page.getByText('notes of today').waitFor();
      const fits = () => page.evaluate('document.documentElement.scrollWidth <= innerWidth');
      expect(await fits()).toBe(true);
      await picture(page, `${screen} ${colorScheme} list`);
      await page.getByRole('button', { name: 'Rename notes of today.txt' }).click();
      await picture(page, `${screen} ${colorScheme} rename`);
      await answer(page, 'Cancel');
      await page.getByRole('button', { name: 'Another group' }).click();
      expect(await fits()).toBe(true);
      await picture(page, `${screen} ${colorScheme} form`);
      looks.push(await page.evaluate<string>('getComputedStyle(document.body).backgroundColor'));
      await close();
    }
    expect(new Set(looks).size).toBe(2);
  });

  test("the README's lines upload a file, and stable addresses download it and show avatars", async () => {
    const { alice, as, files } = await group();
    const readme = await readFile(new URL('../../../README.md', import.meta.url), 'utf8');
    const [, upload] = /```js\n(.*?)```/s.exec(readme) ?? [];
    const { page, close } = await open({});
    const seen = await page.evaluate(`(async () => {
      const { api, app_id, token, group_id } = ${JSON.stringify(as(alice))};
      const file = new File(['five!'], '${NAME}', { type: 'application/x-five' });
      ${upload}
      const query = '&app_id=' + app_id + '&access-token=' + token;
      const headers = { app_id, 'access-token': token };
      const canvas = Object.assign(document.createElement('canvas'), { width: 3, height: 2 });
      canvas.getContext('2d').fillRect(0, 0, 3, 2);
      const avatar = await ask('/file/upload/avatar/user');
      const picture = new FormData();
      for (const [name, value] of Object.entries(avatar.oss_body_param)) picture.append(name, value);
      picture.append('file', await new Promise((done) => canvas.toBlob(done)));
      await fetch(avatar.direct_url, { method: 'POST', body: picture });
      const image = new Image();
      image.src = avatar.download_url + query;
      await image.decode();
      return {
        byQuery: await (await fetch(upload.download_url + query)).text(),
        byHeaders: await (await fetch(upload.download_url, { headers })).text(),
        image: [image.naturalWidth, image.naturalHeight],
      };
    })()`);
    expect(seen).toEqual({ byQuery: 'five!', byHeaders: 'five!', image: [3, 2] });
    expect(await files()).toMatchObject([{ name: NAME, size: 5, type: 'application/x-five' }]);
    await close();
  });
});
