import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { expect, vi } from 'vitest';
import { attachment } from '../../../shared/storage/attachment.ts';
import { eventOf, moduleOf, routeOf } from '../../support/api.ts';
import { type Form, opaque, postForm } from '../../support/files.ts';
import { type Actor, type Given, inBothWorlds, inRaces, inThisProcess } from '../../support/story.ts';

const chatForm = (person: Actor, group: number): Promise<Form> =>
  person.does('GET /file/upload/chat', { file_type: 103, to_id: group, to_type: 2 });

/** Uploads by a form. @returns the stable address */
async function uploaded(person: Actor, group: number, content = 'content'): Promise<string> {
  const form = await chatForm(person, group);
  expect(await postForm(form, content)).toBe(200);
  return form.download_url;
}

const register = (group_id: number, url: string, size = 7, name = 'a.txt') => ({
  group_id,
  url,
  size,
  name,
  type: 'text/plain',
});

async function group(given: Given, { others = 1 } = {}) {
  const [owner, ...members] = await given.users(1 + others);
  const id = await given.group(owner!, { members });
  return { owner: owner!, member: members[0]!, members, id };
}

inBothWorlds('Files that are uploaded by a form', (story) => {
  story('a file from a form is registered, listed, and downloaded under its name by members', async (given) => {
    const { owner, member, id } = await group(given);
    const url = await uploaded(member, id, '<h1>hello</h1>');
    const name = 'Übersicht "1" – 报告 😀.html';
    const file = await member.does('POST /group/file/upload', {
      ...register(id, `${url}&access-token=x&app_id=y&more=1`, 14, name),
      type: 'text/html',
    });
    const [listed] = await owner.lists('GET /group/file/list', { group_id: id });
    expect(listed).toEqual(file);
    expect(listed).toMatchObject({ name, size: 14, type: 'text/html', uploader: member.id, file_id: 1 });
    for (const address of [listed.url, url]) {
      const { status, headers } = await owner.asks('GET /file/download/chat', opaque(address));
      expect(status).toBe(302);
      const response = await fetch(headers.location ?? '');
      expect(await response.text()).toBe('<h1>hello</h1>');
      expect(response.headers.get('content-disposition')).toBe(attachment(name));
      expect(response.headers.get('content-type')).toBe('text/html');
    }
    expect(await given.world.bucket.keysOf(given.app)).toEqual([
      expect.stringMatching(new RegExp(`^files/${given.app}/${id}/`)),
    ]);
  });

  story('a file from a form is downloaded under its new name, and is fileMissing once it is deleted', async (given) => {
    const { owner, member, id } = await group(given);
    const url = await uploaded(member, id);
    const { file_id, url: listed } = await member.does('POST /group/file/upload', register(id, url));
    await owner.does('POST /group/file/update_name', { group_id: id, file_id, name: 'b.txt' });
    const { data } = (await owner.asks('GET /file/download/chat', opaque(url))).body;
    expect((await fetch(data.url)).headers.get('content-disposition')).toBe(attachment('b.txt'));
    await member.does('POST /group/file/delete', { group_id: id, file_list: [file_id] });
    expect([403, 404]).toContain((await fetch(data.url)).status);
    for (const address of [listed, url])
      expect(await owner.fails('GET /file/download/chat', opaque(address))).toBe('fileMissing');
    expect(await member.fails('POST /group/file/upload', register(id, url))).toBe('badParameter');
    expect(await given.world.bucket.keysOf(given.app)).toEqual([]);
  });

  story('only a member of the group gets a form for its files (needsMember)', async (given) => {
    const { owner, id } = await group(given);
    const stranger = await given.user();
    const ask = (person: Actor, more: object) =>
      person.fails('GET /file/upload/chat', { to_id: id, to_type: 2, ...more });
    expect(await ask(stranger, {})).toBe('needsMember');
    expect(await ask(owner, { to_type: 1 })).toBe('badParameter');
    expect(await ask(owner, { to_type: undefined })).toBe('badParameter');
    expect(await ask(owner, { to_id: undefined })).toBe('badParameter');
    expect(await ask(owner, { to_id: 1 })).toBe('groupMissing');
    expect(await ask(given.nobody, {})).toBe('noToken');
  });

  story(
    'a form accepts only the key, fields and size that it was signed for',
    async (given) => {
      const { owner, id } = await group(given);
      const form = await chatForm(owner, id);
      expect(form).toMatchObject({ upload_method: 'POST' });
      expect(await postForm(form, 'content', { key: `files/${given.app}/${id}/chosen` })).toBe(403);
      expect(await postForm(form, 'content', { 'x-amz-meta-more': '1' })).toBe(403);
      expect(await postForm(form, 'x'.repeat(101))).toBe(400);
      expect(await postForm(form, 'x'.repeat(100))).toBe(200);
      expect(await owner.fails('POST /group/file/upload', register(id, form.download_url, 101))).toBe('badParameter');
      await owner.does('POST /group/file/upload', register(id, form.download_url, 100));
    },
    { limits: { file_size: 100 } },
  );

  story('an upload that is missing, of another size or registered before is badParameter', async (given) => {
    const { owner, id } = await group(given);
    const { download_url } = await chatForm(owner, id);
    expect(await owner.fails('POST /group/file/upload', register(id, download_url))).toBe('badParameter');
    const url = await uploaded(owner, id, 'longer than seven');
    expect(await owner.fails('POST /group/file/upload', register(id, url))).toBe('badParameter');
    expect(await owner.lists('GET /group/file/list', { group_id: id })).toEqual([]);
    await owner.does('POST /group/file/upload', register(id, url, 17));
    expect(await owner.fails('POST /group/file/upload', register(id, url, 17))).toBe('badParameter');
    expect(await owner.lists('GET /group/file/list', { group_id: id })).toHaveLength(1);
  });

  story(
    'registering the address of another user, another group, another purpose, or a forged one is badParameter',
    async (given) => {
      const { owner, member, id } = await group(given);
      const other = await given.group(owner);
      const url = await uploaded(owner, id);
      const { url: listed } = await owner.does('POST /group/file/upload', register(id, await uploaded(owner, id)));
      const { download_url: avatar } = await owner.does('GET /file/upload/avatar/user');
      const refused = async (who: Actor, to: number, address: string) =>
        expect([address, await who.fails('POST /group/file/upload', register(to, address))]).toEqual([
          address,
          'badParameter',
        ]);
      await refused(member, id, url);
      await refused(owner, other, url);
      await refused(given.admin({ group: id }), id, url);
      await refused(owner, id, listed);
      await refused(owner, id, avatar);
      await refused(
        owner,
        id,
        url.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A')),
      );
      await refused(owner, id, url.replace(/\?.*/, ''));
      await refused(owner, id, url.replace(/\?.*/, '?file_sign=garbage'));
      // The same API under another name.
      await refused(member, id, url.replace(/^https?:\/\/[^/]+/, 'https://another.example'));
      await refused(owner, id, 'http://elsewhere.example/a');
      await refused(owner, id, 'javascript:alert(1)');
      const foreign = `https://elsewhere.example/file/download/chat?file_sign=u.1.1.${'x'.repeat(22)}.${'x'.repeat(22)}`;
      expect(await owner.does('POST /group/file/upload', register(id, foreign))).toMatchObject({ url: foreign });
      await owner.does('POST /group/file/upload', register(id, url));
    },
  );

  story("the app uploads by a form in the owner's name", async (given) => {
    const { owner, id } = await group(given);
    const app = given.admin({ group: id });
    const form = await app.does('GET /file/upload/chat', { to_type: 2 });
    expect(await postForm(form, 'content')).toBe(200);
    expect(await app.fails('GET /file/upload/chat', { to_type: 2, to_id: id + 1 })).toBe('badParameter');
    expect(await owner.fails('POST /group/file/upload', register(id, form.download_url))).toBe('badParameter');
    const { url, uploader } = await app.does('POST /group/file/upload', register(id, form.download_url));
    expect(uploader).toBe(owner.id);
    expect((await given.admin().asks('GET /file/download/chat', opaque(url))).status).toBe(302);
    expect(await given.admin({ group: id + 1 }).fails('GET /file/download/chat', opaque(url))).toBe('badParameter');
  });

  story('a registration that is repeated with its Idempotency-Key makes one file', async (given) => {
    const { owner, id } = await group(given);
    const url = await uploaded(owner, id);
    const repeated = () =>
      given.api.call('POST', '/group/file/upload', {
        ...owner.headers,
        body: register(id, url),
        headers: { 'idempotency-key': 'one' },
      });
    const { body } = await repeated();
    expect(body.code).toBe(200);
    expect((await repeated()).body).toEqual(body);
    expect(await owner.lists('GET /group/file/list', { group_id: id })).toEqual([body.data]);
  });

  story('a registered file stays as it is although its form is used again', async (given) => {
    const { owner, id } = await group(given);
    const form = await chatForm(owner, id);
    await postForm(form, 'content');
    const { url } = await owner.does('POST /group/file/upload', register(id, form.download_url));
    expect(await postForm(form, 'forgery')).toBe(200);
    const { data } = (await owner.asks('GET /file/download/chat', opaque(url))).body;
    expect(await (await fetch(data.url)).text()).toBe('content');
    expect(await owner.fails('POST /group/file/upload', register(id, form.download_url))).toBe('badParameter');
  });

  story('a form registers one file only, even after that file is deleted', async (given) => {
    const { owner, id } = await group(given);
    const form = await chatForm(owner, id);
    await postForm(form, 'content');
    const { file_id } = await owner.does('POST /group/file/upload', register(id, form.download_url));
    expect(await postForm(form, 'content')).toBe(200);
    await owner.does('POST /group/file/delete', { group_id: id, file_list: [file_id] });
    expect(await owner.fails('POST /group/file/upload', register(id, form.download_url))).toBe('badParameter');
    expect(await owner.fails('GET /file/download/chat', opaque(form.download_url))).toBe('fileMissing');
  });

  story(
    'a group that has as many files as allowed takes no other (badParameter)',
    async (given) => {
      const { owner, id } = await group(given);
      await owner.does('POST /group/file/upload', register(id, await uploaded(owner, id)));
      const url = await uploaded(owner, id);
      expect(await owner.fails('POST /group/file/upload', register(id, url))).toBe('badParameter');
      await owner.does('POST /group/file/delete', { group_id: id, file_list: [1] });
      await owner.does('POST /group/file/upload', register(id, url));
    },
    { limits: { files: 1 } },
  );
});

inThisProcess('An upload that is replaced while it is registered', (story) => {
  story('an upload that is replaced while it is registered becomes a file with the newer content', async (given) => {
    const { owner, id } = await group(given);
    const form = await chatForm(owner, id);
    await postForm(form, 'content');
    const send = globalThis.fetch;
    let looks = 0;
    const fetch = async (...[address, init]: Parameters<typeof send>) => {
      const answer = await send(address, init);
      if (init?.method === 'HEAD' && ++looks === 1) await postForm(form, 'another');
      return answer;
    };
    vi.stubGlobal('fetch', fetch);
    try {
      const { url } = await owner.does('POST /group/file/upload', register(id, form.download_url));
      expect(looks).toBe(2);
      const { data } = (await owner.asks('GET /file/download/chat', opaque(url))).body;
      expect(await (await send(data.url)).text()).toBe('another');
    } finally {
      vi.unstubAllGlobals();
    }
  });
});

inBothWorlds('Stable addresses of files', (story) => {
  story('a stable address opens to members only, and only while they are members', async (given) => {
    const { owner, member, id } = await group(given);
    const stranger = await given.user();
    const url = await uploaded(owner, id);
    const { url: listed } = await owner.does('POST /group/file/upload', register(id, url));
    for (const address of [url, listed]) {
      expect(await stranger.fails('GET /file/download/chat', opaque(address))).toBe('needsMember');
      expect((await member.asks('GET /file/download/chat', opaque(address))).status).toBe(302);
    }
    await member.does('POST /group/leave', { group_id: id });
    await owner.does('POST /group/destroy', { group_id: id });
    for (const address of [url, listed]) {
      expect(await member.fails('GET /file/download/chat', opaque(address))).toBe('groupMissing');
      expect(await owner.fails('GET /file/download/chat', opaque(address))).toBe('groupMissing');
    }
  });

  story('a stable address with a forged signature, or in another app, is fileMissing', async (given) => {
    const { owner, id } = await group(given);
    const { url } = await owner.does('POST /group/file/upload', register(id, await uploaded(owner, id)));
    const { file_sign = '' } = opaque(url);
    const [, part, file, mac] = file_sign.split('.');
    for (const forged of [
      '',
      'x',
      `f.${part}.${file}.${'x'.repeat(22)}`,
      `f.${part}.2.${mac}`,
      `a.${'x'.repeat(22)}.${mac}`,
    ])
      expect([forged, await owner.fails('GET /file/download/chat', { file_sign: forged })]).toEqual([
        forged,
        'fileMissing',
      ]);
    expect(await owner.fails('GET /file/download/chat')).toBe('badParameter');
    const elsewhere = await given.otherApp();
    const same = await elsewhere.user();
    expect(await same.fails('GET /file/download/chat', { file_sign })).toBe('fileMissing');
    expect(await elsewhere.admin().fails('GET /file/download/chat', { file_sign })).toBe('fileMissing');
  });

  story('a stable address takes token and app in the query, as web pages send them', async (given) => {
    const { owner, id } = await group(given);
    const { url } = await owner.does('POST /group/file/upload', register(id, await uploaded(owner, id)));
    const open = (query: object) =>
      given.api.call('GET', '/file/download/chat', { query: { ...opaque(url), image_type: '1', ...query } });
    const [app_id, token] = [given.app, owner.token];
    const { status, outcome } = await open({ app_id, 'access-token': token });
    expect([status, outcome]).toEqual([302, 'success']);
    expect((await open({ app_id })).outcome).toBe('noToken');
    expect((await open({ 'access-token': token })).outcome).toBe('badParameter');
    expect((await open({ app_id, 'access-token': `${token}x` })).outcome).toBe('badToken');
    const inQuery = await given.api.call('GET', '/group/file/list', {
      query: { group_id: id, app_id, 'access-token': token },
    });
    expect(inQuery.outcome).toBe('badParameter');
  });

  story('a long file name makes no long download address, and the record keeps the whole name', async (given) => {
    const { owner, id } = await group(given);
    const name = `${'😀'.repeat(251)}.png`;
    const file = await owner.does('POST /group/file/upload', register(id, await uploaded(owner, id), 7, name));
    expect(file.name).toBe(name);
    const { headers } = await owner.asks('GET /file/download/chat', opaque(file.url));
    // Some programs take at most 4 KB, of which a session token of AWS needs up to 1,500 characters.
    expect(headers.location?.length).toBeLessThan(2500);
    const shown = (await fetch(headers.location ?? '')).headers.get('content-disposition') ?? '';
    const [, kept = ''] = /filename\*=UTF-8''(.+)$/.exec(shown) ?? [];
    expect(decodeURIComponent(kept)).toMatch(/^(😀){70,}\.png$/u);
  });
});

inThisProcess('Presigned addresses', (story) => {
  story(
    'a presigned address lives an hour at most, although an older version stored a longer limit',
    async (given) => {
      const { owner, id } = await group(given);
      const life = (url: string) => Number(new URL(url).searchParams.get('X-Amz-Expires'));
      const file = { group_id: id, name: 'a', size: 7, type: 'text/plain' };
      expect(life((await owner.does('POST /group/file/upload', file)).url)).toBe(3600);
      const { file_id } = await owner.does('POST /group/file/upload', register(id, await uploaded(owner, id)));
      expect(life((await owner.does('GET /group/file', { group_id: id, file_id })).url)).toBe(3600);
      const { policy = '' } = (await chatForm(owner, id)).oss_body_param;
      const { expiration } = JSON.parse(Buffer.from(policy, 'base64').toString());
      expect(Date.parse(expiration)).toBeLessThanOrEqual(Date.now() + 3_600_000);
    },
    { limits: { upload_life: 43_200, download_life: 43_200 } },
  );
});

inThisProcess('The host of addresses', (story) => {
  story('an address begins with the host by which the caller reached this API', async (given) => {
    const person = await given.user();
    const { handler } = await moduleOf(routeOf('GET', '/file/upload/avatar/user'));
    const address = async (domainName: string, scheme?: string, port?: string) => {
      const event = eventOf('GET', '/file/upload/avatar/user', person.headers);
      Object.assign(event.requestContext, { domainName });
      Object.assign(event.headers, scheme && { 'x-forwarded-proto': scheme, 'x-forwarded-port': port });
      const { body } = (await handler(event, { awsRequestId: randomUUID() } as Context)) as { body: string };
      return new URL(JSON.parse(body).data.download_url).origin;
    };
    expect(await address('im.example.org')).toBe('https://im.example.org');
    expect(await address('im.example.org', 'https', '443')).toBe('https://im.example.org');
    expect(await address('127.0.0.1', 'http', '8080')).toBe('http://127.0.0.1:8080');
    expect(await address('localhost', 'http', '80')).toBe('http://localhost');
  });
});

inBothWorlds('Avatars of users and groups', (story) => {
  story('an avatar is uploaded by a form, named in a profile, and shown to everybody in the app', async (given) => {
    const [alice, bob] = await given.users(2);
    const form = await alice!.does('GET /file/upload/avatar/user');
    expect(await bob!.fails('GET /file/download/avatar', opaque(form.download_url))).toBe('fileMissing');
    expect(await postForm(form, 'picture')).toBe(200);
    await alice!.does('POST /user/avatar', { avatar: form.download_url });
    const { avatar } = await alice!.does('GET /user/profile', { user_id: alice!.id });
    const { app } = given;
    const { status, body } = await given.api.call('GET', '/file/download/avatar', {
      query: { ...opaque(avatar), app_id: app, 'access-token': bob!.token, thumbnail: true },
    });
    expect(status).toBe(302);
    const response = await fetch(body.data.url);
    expect(await response.text()).toBe('picture');
    expect(response.headers.get('content-disposition')).toMatch(/^attachment/);
    const stranger = await (await given.otherApp()).user();
    expect(await stranger.fails('GET /file/download/avatar', opaque(avatar))).toBe('fileMissing');
    expect(await bob!.fails('GET /file/download/avatar', { object_name: 'garbage' })).toBe('fileMissing');
  });

  story('the avatar of a group is uploaded only by those who may change it (needsAdmin)', async (given) => {
    const { owner, member, id } = await group(given);
    const stranger = await given.user();
    expect(await member.fails('GET /file/upload/avatar/group', { group_id: id })).toBe('needsAdmin');
    expect(await stranger.fails('GET /file/upload/avatar/group', { group_id: id })).toBe('needsMember');
    const form = await owner.does('GET /file/upload/avatar/group', { group_id: id });
    expect(await postForm(form, 'picture')).toBe(200);
    const value = form.download_url;
    expect(await owner.does('POST /group/info/avatar', { group_id: id, value })).toMatchObject({ avatar: value });
    expect((await stranger.asks('GET /file/download/avatar', opaque(value))).status).toBe(302);
    expect(await given.admin().fails('GET /file/upload/avatar/user')).toBe('badParameter');
  });

  story('the address of an avatar opens no file of a group (fileMissing)', async (given) => {
    const { owner } = await group(given);
    const { download_url } = await owner.does('GET /file/upload/avatar/user');
    const { object_name = '' } = opaque(download_url);
    expect(await owner.fails('GET /file/download/chat', { file_sign: object_name })).toBe('fileMissing');
  });
});

inRaces('Registering an upload, in races', (story) => {
  story('an upload that is registered eight times at once becomes one file', async (given) => {
    const { owner, id } = await group(given);
    const url = await uploaded(owner, id);
    const outcomes = await given.race(
      ...Array.from({ length: 8 }, () => async () => {
        return (await owner.asks('POST /group/file/upload', register(id, url))).outcome;
      }),
    );
    expect(outcomes.toSorted()).toEqual([...Array(7).fill('badParameter'), 'success']);
    const [listed] = await owner.lists('GET /group/file/list', { group_id: id });
    const { data } = (await owner.asks('GET /file/download/chat', opaque(listed.url))).body;
    expect(await (await fetch(data.url)).text()).toBe('content');
    expect(await given.world.bucket.keysOf(given.app)).toHaveLength(1);
  });

  story('an upload that is registered many times while its content changes becomes one file', async (given) => {
    const { owner, id } = await group(given);
    const form = await chatForm(owner, id);
    await postForm(form, 'content');
    const again = () => owner.asks('POST /group/file/upload', register(id, form.download_url));
    await given.race<unknown>(
      again,
      () => postForm(form, 'another'),
      again,
      () => postForm(form, 'a third'),
      again,
      again,
    );
    const files = await owner.lists('GET /group/file/list', { group_id: id });
    expect(files).toHaveLength(1);
    const { data } = (await owner.asks('GET /file/download/chat', opaque(files[0].url))).body;
    expect((await fetch(data.url)).status).toBe(200);
    const kept = (await given.world.bucket.keysOf(given.app)).filter((key) => key.startsWith('files/'));
    expect(kept).toHaveLength(1);
  });
});
