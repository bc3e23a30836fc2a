import { describe, expect } from 'vitest';
import { arrived, put, share } from '../../support/files.ts';
import { inBothWorlds } from '../../support/story.ts';

/** A file's record without `url` and times. */
const fields = ({ url, created_at, updated_at, ...rest }: Record<string, unknown>) => rest;
const now = () => Math.floor(Date.now() / 1000);
const download = async (url: string) => (await fetch(url)).text();

describe('A shared file', () => {
  inBothWorlds('The life of a shared file', (story) => {
    story('a file is reserved, uploaded, listed, renamed and deleted', async (given) => {
      const [alice, bob] = await given.users(2);
      const group_id = await given.group(alice!, { members: [bob!] });
      const size = 7;
      const before = now();
      const record = await bob!.does('POST /group/file/upload', {
        group_id,
        name: ' 図.txt ',
        size,
        type: 'text/plain',
      });
      const expected = { file_id: 1, group_id, name: '図.txt', size, type: 'text/plain', uploader: bob!.id };
      expect(fields(record)).toEqual(expected);
      expect(record.created_at).toBeGreaterThanOrEqual(before);
      expect(record.updated_at).toBe(record.created_at);

      // The file is not there before the upload.
      for (const who of [alice!, bob!]) {
        expect(await who.fails('GET /group/file', { group_id, file_id: 1 })).toBe('fileMissing');
        expect(await who.fails('POST /group/file/update_name', { group_id, file_id: 1, name: 'x' })).toBe(
          'fileMissing',
        );
        expect(await who.does('GET /group/file/list', { group_id })).toEqual([]);
      }
      expect((await put(record, 'too much')).status).toBe(403);
      expect((await put({ ...record, type: 'text/html' }, 'content')).status).toBe(403);

      const second = await share(given, bob!, group_id, { name: 'second', content: '' });
      expect(second).toMatchObject({ file_id: 2, size: 0 });
      expect((await put(record, 'content')).status).toBe(200);
      await arrived(given, record.url);

      for (const who of [alice!, bob!, given.admin(), given.admin({ group: group_id })]) {
        const found = await who.does('GET /group/file', { group_id, file_id: 1 });
        expect(fields(found)).toEqual(expected);
        expect(await download(found.url)).toBe('content');
        const list = await who.does('GET /group/file/list', { group_id });
        expect(list.map(({ file_id }: { file_id: number }) => file_id)).toEqual([1, 2]);
        expect(fields(list[0])).toEqual(expected);
      }

      const renamed = await bob!.does('PUT /group/file/update_name', { group_id, file_id: 1, name: 'renamed' });
      expect(fields(renamed)).toEqual({ ...expected, name: 'renamed' });
      expect(fields(await alice!.does('GET /group/file', { group_id, file_id: 1 }))).toMatchObject({ name: 'renamed' });

      const { url } = await bob!.does('GET /group/file', { group_id, file_id: 1 });
      expect(await bob!.does('DELETE /group/file/delete', { group_id, file_list: [1, 9, 1] })).toEqual([
        { file_id: 1, result: 'success', reason: '' },
        { file_id: 9, result: 'fail', reason: 'shared file does not exist' },
      ]);
      // The object is deleted before the answer.
      expect((await fetch(url)).ok).toBe(false);
      expect(await alice!.fails('GET /group/file', { group_id, file_id: 1 })).toBe('fileMissing');
      expect(await given.world.bucket.keysOf(given.app)).toHaveLength(1);
      expect(await bob!.does('POST /group/file/delete', { group_id, file_list: [1] })).toEqual([
        { file_id: 1, result: 'fail', reason: 'shared file does not exist' },
      ]);
    });

    story('a file may be a link to another server', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const url = 'https://files.example.com/a%20b?c=d#e';
      const link = await alice.does('POST /group/file/upload', { group_id, name: 'page', size: 3, url });
      expect(link).toMatchObject({ file_id: 1, url, type: 'application/octet-stream', uploader: alice.id });
      expect(await alice.does('GET /group/file', { group_id, file_id: 1 })).toEqual(link);
      expect(await alice.does('GET /group/file/list', { group_id })).toEqual([link]);
      expect(await alice.does('POST /group/file/update_name', { group_id, file_id: 1, name: 'other' })).toMatchObject({
        url,
        name: 'other',
      });
      const [entry] = await alice.does('POST /group/file/delete', { group_id, file_list: [1] });
      expect(entry).toEqual({ file_id: 1, result: 'success', reason: '' });
      expect(await alice.does('GET /group/file/list', { group_id })).toEqual([]);
    });
  });
});
