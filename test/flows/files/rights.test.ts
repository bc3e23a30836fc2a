import { randomUUID } from 'node:crypto';
import { describe, expect } from 'vitest';
import { arrived, keyOf, put, share } from '../../support/files.ts';
import { doJobs } from '../../support/jobs.ts';
import { type Actor, inBothWorlds, inThisProcess } from '../../support/story.ts';

const CALLS = [
  ['POST /group/file/upload', { name: 'x', size: 1 }],
  ['GET /group/file', { file_id: 1 }],
  ['GET /group/file/list', {}],
  ['POST /group/file/update_name', { file_id: 1, name: 'x' }],
  ['POST /group/file/delete', { file_list: [1] }],
] as const;

const outcomes = async (who: Actor, group_id: number) =>
  Promise.all(CALLS.map(async ([call, parameters]) => who.fails(call, { group_id, ...parameters })));

describe('Files of a group', () => {
  inBothWorlds('Rights to files', (story) => {
    story('only members may read, upload, rename and delete files of a group (needsMember)', async (given) => {
      const [alice, bob, carol] = await given.users(3);
      const group_id = await given.group(alice!, { members: [bob!] });
      await share(given, bob!, group_id);
      expect(await outcomes(carol!, group_id)).toEqual(Array(5).fill('needsMember'));
      expect(await outcomes(carol!, 1)).toEqual(Array(5).fill('groupMissing'));
      await bob!.does('POST /group/leave', { group_id });
      expect(await outcomes(bob!, group_id)).toEqual(Array(5).fill('needsMember'));
      const other = await (await given.otherApp()).user();
      expect(await outcomes(other, group_id)).toEqual(Array(5).fill('groupMissing'));
      await alice!.does('POST /group/destroy', { group_id });
      expect(await outcomes(alice!, group_id)).toEqual(Array(5).fill('groupMissing'));
    });

    story('a file is renamed and deleted by its uploader and by admins only (fileRight)', async (given) => {
      const [alice, bob, carol, dave] = await given.users(4);
      const group_id = await given.group(alice!, { members: [bob!, dave!], admins: [carol!] });
      await share(given, bob!, group_id);
      await share(given, alice!, group_id);
      const rename = (file_id: number) => ({ group_id, file_id, name: 'renamed' });
      for (const file_id of [1, 2])
        expect(await dave!.fails('POST /group/file/update_name', rename(file_id))).toBe('fileRight');
      expect(await bob!.fails('POST /group/file/update_name', rename(2))).toBe('fileRight');
      for (const who of [bob!, carol!, alice!, given.admin(), given.admin({ user: bob!.id })])
        expect(await who.does('POST /group/file/update_name', rename(1))).toMatchObject({ name: 'renamed' });

      const [own, others] = await bob!.does('POST /group/file/delete', { group_id, file_list: [1, 2] });
      expect(own).toEqual({ file_id: 1, result: 'success', reason: '' });
      expect(others).toEqual({ file_id: 2, result: 'fail', reason: 'no right to this shared file' });
      expect(await carol!.does('DELETE /group/file/delete', { group_id, file_list: [2] })).toMatchObject([
        { result: 'success' },
      ]);
      expect(await given.world.bucket.keysOf(given.app)).toEqual([]);
    });

    story("the app uploads and deletes files in the owner's name", async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const record = await given.admin({ group: group_id }).does('POST /group/file/upload', { name: 'x', size: 1 });
      expect(record).toMatchObject({ uploader: alice.id, type: 'application/octet-stream' });
      const [entry] = await given.admin({ group: group_id }).does('POST /group/file/delete', { file_list: [1] });
      expect(entry.result).toBe('success');
    });
  });

  inBothWorlds('Reserved files', (story) => {
    story('a reserved file can be deleted by its uploader only', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      await bob!.does('POST /group/file/upload', { group_id, name: 'x', size: 1 });
      const remove = (who: Actor) => who.does('POST /group/file/delete', { group_id, file_list: [1] });
      expect(await remove(alice!)).toMatchObject([{ result: 'fail', reason: 'shared file does not exist' }]);
      expect(await remove(given.admin())).toMatchObject([{ result: 'fail' }]);
      expect(await remove(bob!)).toMatchObject([{ result: 'success' }]);
    });
  });

  inThisProcess('Files of deleted users', (story) => {
    story('a file outlives the user who shared it', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      await share(given, bob!, group_id);
      await given.admin({ user: bob!.id }).does('POST /user/delete');
      await doJobs(given);
      const [found] = await alice!.does('GET /group/file/list', { group_id });
      expect(found).toMatchObject({ file_id: 1, uploader: bob!.id });
      const { url } = await alice!.does('GET /group/file', { group_id, file_id: 1 });
      expect(await (await fetch(url)).text()).toBe('content');
    });
  });
});

describe('Uploads to a group', () => {
  inThisProcess('Refused uploads', (story) => {
    story(
      'a wrong parameter of an upload is refused with its name (badParameter)',
      async (given) => {
        const alice = await given.user();
        const group_id = await given.group(alice);
        const good = { group_id, name: 'x', size: 1 };
        const wrong: [string, Record<string, unknown>][] = [
          ['name', { name: ' ' }],
          ['name', { name: 'x'.repeat(256) }],
          ['size', { size: -1 }],
          ['size', { size: 1.5 }],
          ['size', { size: undefined }],
          ['size', { size: 1001 }],
          ['size', { size: 2 ** 31 }],
          ['type', { type: 'text/plän' }],
          ['type', { type: 'a'.repeat(256) }],
          ['type', { type: 'a\nb' }],
          ['url', { url: 'http://example.com/x' }],
          ['url', { url: 'javascript:alert(1)' }],
          ['url', { url: 'https://' }],
          ['url', { url: 'x' }],
          ['url', { url: `https://example.com/${'x'.repeat(2048)}` }],
          ['group_id', { group_id: 'x' }],
        ];
        for (const [field, change] of wrong) {
          const { outcome, body } = await alice.asks('POST /group/file/upload', { ...good, ...change });
          expect([outcome, body.message, change]).toEqual([
            'badParameter',
            expect.stringContaining(`${field}:`),
            change,
          ]);
        }
        expect(await alice.does('GET /group/file/list', { group_id })).toEqual([]);
        // A link to another server may name a larger file, and a file may be as large as the app allows.
        const url = 'https://example.com/x';
        expect(await alice.does('POST /group/file/upload', { ...good, size: 1001, url })).toMatchObject({ size: 1001 });
        expect(await alice.does('POST /group/file/upload', { ...good, size: '1000', type: '', url: '' })).toMatchObject(
          {
            size: 1000,
            type: 'application/octet-stream',
            file_id: 2,
          },
        );
      },
      { limits: { file_size: 1000 } },
    );
  });

  inThisProcess('Repeated uploads', (story) => {
    story('an upload repeated with its Idempotency-Key reserves one file, with a fresh address', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      const key = randomUUID();
      const ask = (who = alice!, size = 1) =>
        given.api.call('POST', '/group/file/upload', {
          ...who.headers,
          headers: { 'idempotency-key': key },
          body: { group_id, name: 'x', size, type: 'text/plain' },
        });
      const [first, again] = [(await ask()).body.data, (await ask()).body.data];
      expect({ ...again, url: '' }).toEqual({ ...first, url: '' });
      expect(keyOf(again.url)).toBe(keyOf(first.url));
      expect((await put(again, 'a')).status).toBe(200);
      await arrived(given, again.url);
      expect(await alice!.does('GET /group/file/list', { group_id })).toHaveLength(1);
      expect((await ask()).body.data.file_id).toBe(1);
      expect((await ask(alice!, 2)).outcome).toBe('badParameter');
      expect((await ask(bob!)).body.data.file_id).toBe(2);
      const raced = randomUUID();
      const answers = await given.race(
        ...Array.from(
          { length: 4 },
          () => () =>
            given.api.call('POST', '/group/file/upload', {
              ...alice!.headers,
              headers: { 'idempotency-key': raced },
              body: { group_id, name: 'x', size: 1, url: 'https://example.com' },
            }),
        ),
      );
      expect(new Set(answers.map(({ body }) => body.data.file_id))).toEqual(new Set([3]));
    });
  });

  inThisProcess('Costs of files', (story) => {
    story('uploading, renaming and deleting a file take two round trips, reading takes one', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      await share(given, alice, group_id);
      const trips = async (call: Parameters<Actor['asks']>[0], parameters: object) =>
        (await alice.asks(call, { group_id, ...parameters })).log?.trips;
      expect(await trips('POST /group/file/upload', { name: 'x', size: 1 })).toBe(2);
      expect(await trips('GET /group/file', { file_id: 1 })).toBe(1);
      expect(await trips('GET /group/file/list', {})).toBe(1);
      expect(await trips('POST /group/file/update_name', { file_id: 1, name: 'y' })).toBe(2);
      expect(await trips('POST /group/file/delete', { file_list: [1, 2] })).toBe(2);
      await doJobs(given);
    });
  });
});

describe('The list of files', () => {
  inThisProcess('Pages of the list of files', (story) => {
    story('the list of files shows the newest first, page by page', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      for (let n = 1; n <= 105; n++)
        await alice.does('POST /group/file/upload', { group_id, name: `${n}`, size: n, url: 'https://example.com' });
      const numbers = (files: { file_id: number }[]) => files.map(({ file_id }) => file_id);
      const newestFirst = Array.from({ length: 105 }, (_, n) => 105 - n);
      expect(numbers(await alice.does('GET /group/file/list', { group_id }))).toEqual(newestFirst.slice(0, 100));
      const whole = await alice.does('GET /group/file/list', { group_id, limit: 1000 });
      expect(numbers(whole)).toEqual(newestFirst);
      expect(await alice.lists('GET /group/file/list', { group_id, limit: 40 })).toEqual(whole);
      expect(await alice.fails('GET /group/file/list', { group_id, cursor: 'x' })).toBe('badParameter');
    });
  });
});
