import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, launchChromium, servePage } from '../../support/chromium.ts';
import { type Form, opaque, postForm, postStockForm } from '../../support/files.ts';
import type { Served } from '../../support/server.ts';
import { laptopStack } from '../../support/stack.ts';
import { Given, inBothWorlds, inThisProcess, type Person } from '../../support/story.ts';
import { world } from '../../support/world.ts';

const chatForm = (who: Person, to_id: number): Promise<Form> =>
  who.does('GET /file/upload/chat', { file_type: 200, to_type: 2, to_id });

const register = (group_id: number, { download_url: url }: Form, size: number) => ({
  ...{ group_id, name: 'a.txt', type: 'text/plain', size, url },
});

inBothWorlds('Forms that leave out fields', (story) => {
  story(
    'a form without the fields of S3 uploads a file of a group, and the last one that is posted counts',
    async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const form = await chatForm(alice, group_id);
      for (const content of ['content', 'another'])
        expect((await postStockForm(given, form, content)).body).toEqual({ code: 200, data: true, message: null });
      const { url } = await alice.does('POST /group/file/upload', register(group_id, form, 7));
      const { data } = (await alice.asks('GET /file/download/chat', opaque(url))).body;
      expect(await (await fetch(data.url)).text()).toBe('another');
    },
  );

  story('a form without the fields of S3 uploads an avatar, and its first upload stays', async (given) => {
    const [alice, bob] = await given.users(2);
    const form: Form = await alice!.does('GET /file/upload/avatar/user');
    const seen = async () => {
      const { data } = (await bob!.asks('GET /file/download/avatar', opaque(form.download_url))).body;
      return (await fetch(data.url)).text();
    };
    expect((await postStockForm(given, form, 'picture')).outcome).toBe('success');
    expect(await seen()).toBe('picture');
    expect((await postStockForm(given, form, 'another')).outcome).toBe('success');
    expect(await seen()).toBe('picture');
  });

  story('the whole form may be posted to either address', async (given) => {
    const alice = await given.user();
    const group_id = await given.group(alice);
    const form = await chatForm(alice, group_id);
    const body = Object.entries({ ...form.oss_body_param, file: 'content' })
      .map(([name, value]) => `--limit\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`)
      .join('');
    const { outcome } = await given.world.api.call('POST', '/file/upload/form', {
      query: opaque(form.upload_url),
      headers: { 'content-type': 'multipart/form-data; boundary=limit' },
      body: `${body}--limit--\r\n`,
      base64: true,
    });
    expect(outcome).toBe('success');
    await alice.does('POST /group/file/upload', register(group_id, form, 7));
    expect(await postForm(form, 'content')).toBe(200);
  });

  story(
    'an upload address takes no more than the app allows, and nothing but a form with a file (badParameter)',
    async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const [chat, avatar] = [await chatForm(alice, group_id), await alice.does('GET /file/upload/avatar/user')];
      const messages = [
        await postStockForm(given, chat, 'x'.repeat(21)),
        await postStockForm(given, avatar, 'x'.repeat(11)),
        await postStockForm(given, chat, 'content', 'picture'),
        await given.world.api.call('POST', '/file/upload/form', {
          query: opaque(chat.upload_url),
          body: { file: 'x' },
        }),
      ].map(({ body }) => [body.code, body.message]);
      expect(messages).toEqual([
        [10002, 'file: must have at most 20 bytes'],
        [10002, 'file: must have at most 10 bytes'],
        [10002, 'file: is required, as a field of a multipart form'],
        [10002, 'file: is required, as a field of a multipart form'],
      ]);
      for (const [form, most] of [[chat, 20] as const, [avatar, 10] as const])
        expect((await postStockForm(given, form, 'x'.repeat(most))).outcome).toBe('success');
    },
    { limits: { file_size: 20, avatar_size: 10 } },
  );

  story('a form that is too large for a function is answered 413 with the address that takes it', async (given) => {
    const alice = await given.user();
    const form: Form = await alice.does('GET /file/upload/avatar/user');
    expect((await postStockForm(given, form, 'x'.repeat(4_500_000))).outcome).toBe('success');
    const { status, body } = await postStockForm(given, form, 'x'.repeat(4_600_000));
    expect([status, body.message]).toEqual([
      413,
      'body: must have at most 4600000 bytes: post a larger file to direct_url, with all fields of oss_body_param',
    ]);
  });
});

inThisProcess('Addresses of forms', (story) => {
  story('an upload address that was changed, or is of another app, takes nothing (fileMissing)', async (given) => {
    const alice = await given.user();
    const form = await chatForm(alice, await given.group(alice));
    const avatar: Form = await alice.does('GET /file/upload/avatar/user');
    const { form_sign = '' } = opaque(form.upload_url);
    const [, group, expires = '', ...rest] = form_sign.split('.');
    const later = `p.${group}.${(Number.parseInt(expires, 36) + 1).toString(36)}.${rest.join('.')}`;
    const elsewhere = await given.otherApp();
    for (const change of [
      ...['', 'x', later, form_sign.slice(0, -1), form_sign.replace('p.', 'u.')].map((sign) => ({ form_sign: sign })),
      { form_sign: opaque(form.download_url).file_sign ?? '' },
      { form_sign: opaque(avatar.download_url).object_name ?? '' },
      { app_id: elsewhere.app },
    ]) {
      const upload_url = `https://api.example/file/upload/form?${new URLSearchParams({ ...opaque(form.upload_url), ...change })}`;
      const { body } = await postStockForm(given, { ...form, upload_url }, 'content');
      expect([body.code, body.message]).toEqual([20022, 'form_sign: is of no form of this app']);
    }
  });

  story(
    'an upload address that has expired takes nothing (fileMissing)',
    async (given) => {
      const alice = await given.user();
      const { body } = await postStockForm(given, await alice.does('GET /file/upload/avatar/user'), 'content');
      expect(body.message).toBe('form_sign: has expired: ask for a new form');
    },
    { limits: { upload_life: 0 } },
  );
});

/**
 * A page of another origin than API and bucket. Its code posts the five fields, and takes an upload for successful if
 * the answer is JSON whose `data` is true, as such clients do.
 */
describe.runIf(chromiumPath)('A client that posts five fields, in Chromium', () => {
  let served: Served;
  let browser: Browser;
  beforeAll(async () => {
    served = await servePage();
    browser = await launchChromium();
  });
  afterAll(async () => {
    await browser?.close();
    await served?.close();
  });

  const CLIENT = `
    const credentials = { app_id, 'access-token': token };
    /** Status and body; 'refused' where the browser shows the page no answer. */
    const send = {
      XMLHttpRequest: (method, url, body, headers) => new Promise((resolve) => {
        const request = new XMLHttpRequest();
        request.open(method, url);
        for (const [name, value] of Object.entries(headers)) request.setRequestHeader(name, value);
        // A listener alone makes the browser ask before it posts.
        request.upload.onprogress = () => {};
        request.onload = () => resolve({ status: request.status, text: request.responseText });
        request.onerror = () => resolve('refused');
        request.send(body);
      }),
      fetch: (method, url, body, headers) => fetch(url, { method, body, headers }).then(
        async (response) => ({ status: response.status, text: await response.text() }),
        () => 'refused',
      ),
    };
    const ask = async (path, body) => {
      const headers = { ...credentials, 'content-type': 'application/json' };
      const asked = await fetch(api + path, { headers, ...(body && { method: 'POST', body: JSON.stringify(body) }) });
      return (await asked.json()).data;
    };
    const post = async (way, { upload_url, oss_body_param }, file, headers) => {
      const form = new FormData();
      for (const name of ['OSSAccessKeyId', 'policy', 'signature', 'callback', 'key'])
        form.append(name, oss_body_param[name]);
      form.append('file', file);
      const answer = await send[way]('POST', upload_url, form, headers);
      return answer.status === 200 ? JSON.parse(answer.text).data : answer.status ?? answer;
    };`;

  /** Runs code of the client in a page. */
  async function inPage<T>(code: string) {
    const given = await Given.app(await world('over HTTP'));
    const alice = await given.user();
    const group_id = await given.group(alice);
    const { api_endpoint: api } = await laptopStack();
    const page = await browser.newPage();
    try {
      await page.goto(served.origin);
      const known = JSON.stringify({ api, app_id: given.app, token: alice.token, group_id });
      const seen = await page.evaluate<T>(
        `(async ({ api, app_id, token, group_id }) => { ${CLIENT} ${code} })(${known})`,
      );
      return { seen, alice, group_id };
    } finally {
      await page.close();
    }
  }

  test.each([
    ['XMLHttpRequest', 'with headers'],
    ['XMLHttpRequest', 'without headers'],
    ['fetch', 'with headers'],
    ['fetch', 'without headers'],
  ])(
    'the form is posted by %s %s, and the file is downloaded in the same way through the redirect',
    async (way, headers) => {
      const { seen, alice, group_id } = await inPage(`
      const headers = ${headers === 'with headers' ? 'credentials' : '{}'};
      const form = await ask('/file/upload/chat?file_type=200&to_type=2&to_id=' + group_id);
      const bytes = new Uint8Array(4_500_000).map((_, index) => index * 7);
      const posted = await post('${way}', form, new File([bytes], '圖 1.bin'), headers);
      await ask('/group/file/upload', {
        ...{ group_id, name: '圖 1.bin', size: bytes.length, type: 'application/octet-stream' },
        url: form.download_url,
      });
      const query = headers === credentials ? '' : '&' + new URLSearchParams(credentials);
      const read = await send['${way}']('GET', form.download_url + query, undefined, headers);
      const whole = await (await fetch(form.download_url + '&' + new URLSearchParams(credentials))).arrayBuffer();
      const same = new Uint8Array(whole).every((byte, index) => byte === bytes[index]);
      return { posted, read: read.status, size: whole.byteLength, same };`);
      expect(seen).toEqual({ posted: true, read: 200, size: 4_500_000, same: true });
      expect(await alice.lists('GET /group/file/list', { group_id })).toMatchObject([
        { name: '圖 1.bin', size: 4_500_000 },
      ]);
    },
  );

  test('an avatar is posted in this way, and the page shows it', async () => {
    const { seen } = await inPage(`
      const canvas = Object.assign(document.createElement('canvas'), { width: 3, height: 2 });
      canvas.getContext('2d').fillRect(0, 0, 3, 2);
      const picture = await new Promise((done) => canvas.toBlob(done));
      const shown = async (form) => {
        const posted = await post('XMLHttpRequest', form, picture, credentials);
        const image = new Image();
        image.src = form.download_url + '&' + new URLSearchParams({ ...credentials, image_type: 2 });
        await image.decode();
        return [posted, image.naturalWidth, image.naturalHeight];
      };
      return [
        await shown(await ask('/file/upload/avatar/user')),
        await shown(await ask('/file/upload/avatar/group?group_id=' + group_id)),
      ];`);
    expect(seen).toEqual([
      [true, 3, 2],
      [true, 3, 2],
    ]);
  });

  test('a page reads why its form is refused: 413 above 4.6 MB, and an error in the envelope', async () => {
    const { seen } = await inPage(`
      const form = await ask('/file/upload/avatar/user');
      const refused = async (bytes) => {
        const body = new FormData();
        if (bytes) body.append('file', new Blob([new Uint8Array(bytes)]));
        const { status, text } = await send.XMLHttpRequest('POST', form.upload_url, body, credentials);
        return [status, JSON.parse(text).message];
      };
      return [await refused(0), await refused(4_650_000), await refused(10_000_000)];`);
    expect(seen).toEqual([
      [200, 'file: is required, as a field of a multipart form'],
      [413, expect.stringContaining('post a larger file to direct_url')],
      [413, 'Request Entity Too Large'],
    ]);
  });
});
