import { randomUUID } from 'node:crypto';
import { afterEach, describe, expect, vi } from 'vitest';
import { documentClient } from '../../../shared/data/client.ts';
import * as schema from '../../../shared/data/schema.ts';
import { update } from '../../../shared/data/step.ts';
import { codeOf } from '../../support/api.ts';
import { created, deliver, keyOf, postForm, put, share } from '../../support/files.ts';
import { doJobs } from '../../support/jobs.ts';
import { type Actor, type Given, inRaces, inThisProcess } from '../../support/story.ts';

afterEach(() => vi.restoreAllMocks());

const real = globalThis.fetch;

/** Runs the hook after the next copy, before the function gets its answer. */
function afterCopy(hook: () => Promise<unknown>): void {
  let due = true;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
    const response = await real(...given);
    if (due && 'x-amz-copy-source' in (given[1]?.headers ?? {})) {
      due = false;
      await hook();
    }
    return response;
  });
}

/** The function's next write fails, as if it had died. */
const dies = async () => {
  vi.spyOn(documentClient(), 'send').mockRejectedValueOnce(new Error('out of memory') as never);
};

const reserve = (who: Actor, group_id: number, more = {}) =>
  who.does('POST /group/file/upload', { group_id, name: 'notes', size: 1, type: 'text/plain', ...more });

/** Uploads one byte. @returns the object as the event of S3 describes it */
const upload = async (given: Given, record: { url: string; type: string }, byte: string) => {
  expect((await put(record, byte)).status).toBe(200);
  return created(given, keyOf(record.url));
};

/** The contents of the group's files, newest first. Fails if the bucket holds anything else. */
async function contents(given: Given, group_id: number): Promise<string[]> {
  const files = await given.admin().does('GET /group/file/list', { group_id });
  const found: string[] = await Promise.all(
    files.map(async ({ file_id }: { file_id: number }) => {
      const { url } = await given.admin().does('GET /group/file', { group_id, file_id });
      return (await fetch(url)).text();
    }),
  );
  expect(await given.world.bucket.keysOf(given.app)).toHaveLength(found.length);
  return found;
}

const one = async (given: Given) => {
  const alice = await given.user();
  const group_id = await given.group(alice);
  return { alice, group_id, record: await reserve(alice, group_id) };
};

describe('Publication of uploads', () => {
  inThisProcess('Uploads that are published', (story) => {
    story('an upload address that is used again does not replace the published file', async (given) => {
      const { group_id, record } = await one(given);
      const first = await upload(given, record, 'a');
      expect(await deliver(first)).toBe('published');
      const second = await upload(given, record, 'b');
      expect(
        await (await fetch((await given.admin().does('GET /group/file', { group_id, file_id: 1 })).url)).text(),
      ).toBe('a');
      expect(await deliver(second)).toBe('discarded');
      expect(await contents(given, group_id)).toEqual(['a']);
      const third = await upload(given, record, 'a');
      expect(await deliver(third)).toBe('published');
      expect(await deliver(first)).toBe('published');
      expect(await contents(given, group_id)).toEqual(['a']);
    });

    story('the last of several uploads is published, in whichever order their events come', async (given) => {
      const { alice, group_id, record } = await one(given);
      const [a, b] = [await upload(given, record, 'a'), await upload(given, record, 'b')];
      expect(await deliver(a)).toBe('gone');
      expect(await deliver(b)).toBe('published');
      const other = await reserve(alice, group_id);
      const [c, d] = [await upload(given, other, 'c'), await upload(given, other, 'd')];
      expect(await deliver(d)).toBe('published');
      expect(await deliver(c)).toBe('discarded');
      expect(await contents(given, group_id)).toEqual(['d', 'b']);
    });

    story('one of two uploads is published when they race', async (given) => {
      const { group_id, record } = await one(given);
      const a = await upload(given, record, 'a');
      afterCopy(async () => expect(await deliver(await upload(given, record, 'b'))).toBe('published'));
      expect(await deliver(a)).toBe('discarded');
      expect(await contents(given, group_id)).toEqual(['b']);
    });

    story('an upload is published although it is replaced between the copy and the record', async (given) => {
      const { group_id, record } = await one(given);
      const a = await upload(given, record, 'a');
      afterCopy(() => upload(given, record, 'b'));
      expect(await deliver(a)).toBe('published');
      expect(await contents(given, group_id)).toEqual(['a']);
    });

    story('an upload is published although the function died between the copy and the record', async (given) => {
      const { group_id, record } = await one(given);
      const a = await upload(given, record, 'a');
      afterCopy(dies);
      await expect(deliver(a)).rejects.toThrow('out of memory');
      expect(await given.admin().does('GET /group/file/list', { group_id })).toEqual([]);
      expect(await deliver(a)).toBe('published');
      expect(await contents(given, group_id)).toEqual(['a']);
    });
  });

  inThisProcess('Uploads that are discarded', (story) => {
    story('an upload is discarded when its file is deleted before, during or after the publication', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const remove = async ({ file_id }: { file_id: number }) => {
        const [entry] = await alice.does('POST /group/file/delete', { group_id, file_list: [file_id] });
        expect(entry.result).toBe('success');
      };
      const before = await reserve(alice, group_id);
      const a = await upload(given, before, 'a');
      await remove(before);
      expect(await deliver(a)).toBe('discarded');
      expect(await deliver(await upload(given, before, 'a'))).toBe('discarded');

      const during = await reserve(alice, group_id);
      const b = await upload(given, during, 'b');
      afterCopy(() => remove(during));
      expect(await deliver(b)).toBe('discarded');

      const after = await reserve(alice, group_id);
      const c = await upload(given, after, 'c');
      expect(await deliver(c)).toBe('published');
      await remove(after);
      expect(await deliver(c)).toBe('discarded');

      // The function dies after its copy, and the file is deleted before it is tried again.
      const late = await reserve(alice, group_id);
      const d = await upload(given, late, 'd');
      afterCopy(dies);
      await expect(deliver(d)).rejects.toThrow();
      await remove(late);
      expect(await deliver(d)).toBe('discarded');
      expect(await contents(given, group_id)).toEqual([]);
    });

    story('an upload is removed when its group is dissolved before, during or after the publication', async (given) => {
      for (const moment of ['before', 'during', 'cleaned up during', 'after']) {
        const { alice, group_id, record } = await one(given);
        const a = await upload(given, record, 'a');
        const destroy = async () => {
          await alice.does('POST /group/destroy', { group_id });
          if (moment !== 'during') await doJobs(given);
        };
        if (moment === 'before') await destroy();
        if (/during/.test(moment)) afterCopy(destroy);
        await deliver(a);
        if (moment === 'after') await destroy();
        await doJobs(given);
        expect(await given.world.bucket.keysOf(given.app), moment).toEqual([]);
        expect(await alice.fails('GET /group/file/list', { group_id })).toBe('groupMissing');
      }
    });

    story('an upload is discarded when its file is deleted and the answer to the copy is lost', async (given) => {
      const { alice, group_id, record } = await one(given);
      const a = await upload(given, record, 'a');
      afterCopy(async () => {
        await alice.does('POST /group/file/delete', { group_id, file_list: [record.file_id] });
        throw new Error('the connection broke');
      });
      expect(await deliver(a)).toBe('discarded');
      expect(await contents(given, group_id)).toEqual([]);
    });

    story('two runs for one upload both discard it once one of them has found no reservation', async (given) => {
      const dissolved = await one(given);
      const a = await upload(given, dissolved.record, 'a');
      afterCopy(async () => {
        await dissolved.alice.does('POST /group/destroy', { group_id: dissolved.group_id });
        expect(await deliver(a)).toBe('discarded');
      });
      expect(await deliver(a)).toBe('discarded');

      const late = await one(given);
      const b = await upload(given, late.record, 'b');
      afterCopy(async () => {
        await given.db.write([
          update(schema.file.key(given.app, late.group_id, 1), { set: { expiresAt: Date.now() - 1 } }),
        ]);
        expect(await deliver(b)).toBe('discarded');
      });
      expect(await deliver(b)).toBe('discarded');
      expect(await contents(given, late.group_id)).toEqual([]);
    });

    story('an upload is discarded a day after it was reserved', async (given) => {
      const { alice, group_id, record } = await one(given);
      const a = await upload(given, record, 'a');
      await given.db.write([update(schema.file.key(given.app, group_id, 1), { set: { expiresAt: Date.now() - 1 } })]);
      expect(await deliver(a)).toBe('discarded');
      expect(await contents(given, group_id)).toEqual([]);
      const [entry] = await alice.does('POST /group/file/delete', { group_id, file_list: [1] });
      expect(entry).toMatchObject({ result: 'fail', reason: 'shared file does not exist' });
    });

    story(
      'an upload is discarded where the group has as many files as allowed',
      async (given) => {
        const alice = await given.user();
        const group_id = await given.group(alice);
        const records = [
          await reserve(alice, group_id),
          await reserve(alice, group_id),
          await reserve(alice, group_id),
        ];
        const uploads = [];
        for (const [index, record] of records.entries()) uploads.push(await upload(given, record, `${index}`));
        expect(await given.race(...uploads.map((object) => () => deliver(object)))).toContain('discarded');
        expect(await contents(given, group_id)).toHaveLength(2);
        const { body } = await alice.asks('POST /group/file/upload', { group_id, name: 'x', size: 1 });
        expect(body).toMatchObject({
          code: codeOf('badParameter'),
          message: expect.stringContaining('as many files as allowed: 2'),
        });
        const link = { group_id, name: 'x', size: 1, url: 'https://example.com' };
        expect(await alice.fails('POST /group/file/upload', link)).toBe('badParameter');
        const [{ file_id }] = await alice.does('GET /group/file/list', { group_id });
        await alice.does('POST /group/file/delete', { group_id, file_list: [file_id] });
        await alice.does('POST /group/file/upload', link);
        expect(await alice.does('GET /group/file/list', { group_id })).toHaveLength(2);
      },
      { limits: { files: 2 } },
    );
  });

  inThisProcess('Uploads by forms', (story) => {
    story('the upload of a form is left alone until a call registers it', async (given) => {
      const key = `incoming/${given.app}/1/${'x'.repeat(22)}`;
      expect(await deliver({ key, size: 1, etag: 'e' })).toBe('not reserved');
      expect(await deliver({ key: `incoming/${randomUUID()}`, size: 1, etag: 'e' })).toBe('not reserved');
    });
  });
});

/** Makes S3 refuse every copy, as if a permission were missing. */
const refuseCopies = () =>
  vi
    .spyOn(globalThis, 'fetch')
    .mockImplementation(async (...given) =>
      'x-amz-copy-source' in (given[1]?.headers ?? {})
        ? new Response('<Error><Code>AccessDenied</Code></Error>', { status: 403 })
        : real(...given),
    );

describe('A missing permission to copy', () => {
  inThisProcess('Publication without the permission to copy', (story) => {
    story(
      'the event of an upload fails without the permission to copy, and publishes once the permission is there',
      async (given) => {
        const { group_id, record } = await one(given);
        const a = await upload(given, record, 'a');
        refuseCopies();
        await expect(deliver(a)).rejects.toThrow('S3 refuses to copy an object that is there');
        vi.restoreAllMocks();
        expect(await deliver(a)).toBe('published');
        expect(await contents(given, group_id)).toEqual(['a']);
      },
    );

    story('a registration without the permission to copy is answered 500, and can be repeated', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      const form = await alice.does('GET /file/upload/chat', { to_id: group_id, to_type: 2 });
      expect(await postForm(form, 'a')).toBe(200);
      const file = { group_id, url: form.download_url, name: 'a', size: 1, type: 'text/plain' };
      refuseCopies();
      const { status, body } = await alice.asksOnce('POST /group/file/upload', file);
      expect([status, body.code]).toEqual([500, 20000]);
      vi.restoreAllMocks();
      await alice.does('POST /group/file/upload', file);
      expect(await contents(given, group_id)).toEqual(['a']);
    });
  });
});

describe('Files of a group', () => {
  inRaces('Files, in races', (story) => {
    story('files are numbered, published and deleted by many callers at once, each once', async (given) => {
      const people = await given.users(8);
      const group_id = await given.group(people[0]!, { members: people.slice(1) });
      const records = await given.race(...people.map((who) => () => reserve(who, group_id)));
      expect(records.map(({ file_id }) => file_id).sort()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      const uploads = await Promise.all(records.map((record, index) => upload(given, record, `${index}`)));
      const lists: number[] = [];
      const seen = async () => {
        for (let n = 0; n < 5; n++) lists.push((await people[0]!.does('GET /group/file/list', { group_id })).length);
        return 'seen';
      };
      // Each event comes twice, while a member lists the files.
      await given.race(seen, ...[...uploads, ...uploads].map((object) => () => deliver(object)));
      expect(lists).toEqual(lists.toSorted((a, b) => a - b));
      expect((await contents(given, group_id)).sort()).toEqual(['0', '1', '2', '3', '4', '5', '6', '7']);
      expect(await given.problems()).toEqual([]);

      const file_list = [1, 2, 3, 4, 5, 6, 7, 8];
      const answers = await given.race(
        ...[given.admin(), people[0]!, people[1]!].map(
          (who) => () => who.does('POST /group/file/delete', { group_id, file_list }),
        ),
      );
      // Each file is deleted by one of the calls. The third caller may delete only their own file.
      const gone = answers.flat().filter(({ result }) => result === 'success');
      expect(gone.map(({ file_id }) => file_id).sort()).toEqual(file_list);
      expect(await contents(given, group_id)).toEqual([]);
      await doJobs(given);
    });

    story('a file that is deleted and published at the same moment is deleted', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      for (let n = 1; n <= 5; n++) {
        const object = await upload(given, await reserve(alice, group_id), 'x');
        const remove = () => alice.does('POST /group/file/delete', { group_id, file_list: [n] });
        const [entries] = await given.race<unknown>(remove, () => deliver(object));
        expect(entries).toEqual([{ file_id: n, result: 'success', reason: '' }]);
      }
      expect(await contents(given, group_id)).toEqual([]);
      await doJobs(given);
    });
  });

  inThisProcess('Files that S3 cannot delete now', (story) => {
    story('a file that S3 cannot delete now is gone for everybody, and its object goes with the job', async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      await share(given, alice, group_id);
      vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) =>
        given[1]?.method === 'DELETE' ? new Response('', { status: 503 }) : real(...given),
      );
      // Retries of S3 last some seconds, several times in the job: so the clock runs faster.
      const [began, before] = [Date.now(), performance.now()];
      vi.spyOn(Date, 'now').mockImplementation(() => began + Math.round((performance.now() - before) * 20));
      const { status } = await alice.asksOnce('POST /group/file/delete', { group_id, file_list: [1] });
      expect(status).toBe(503);
      expect(await alice.does('GET /group/file/list', { group_id })).toEqual([]);
      await expect(doJobs(given)).rejects.toThrow();
      expect(await given.world.bucket.keysOf(given.app)).toHaveLength(1);
      vi.restoreAllMocks();
      await doJobs(given);
      expect(await given.world.bucket.keysOf(given.app)).toEqual([]);
    });
  });
});
