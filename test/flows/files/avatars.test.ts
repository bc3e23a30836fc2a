import { DeleteObjectCommand } from '@aws-sdk/client-s3';
import { afterEach, expect, vi } from 'vitest';
import { arrivedAt, created, deliver, type Form, opaque, postForm } from '../../support/files.ts';
import { type Actor, type Given, inBothWorlds, inRaces, inThisProcess, type Person } from '../../support/story.ts';

afterEach(() => vi.restoreAllMocks());

const real = globalThis.fetch;

/** Runs the hook after the next request of this kind to the bucket, before the function gets its answer. */
function after(isNext: (init: RequestInit) => boolean, hook: () => Promise<unknown>): void {
  let due = true;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) => {
    const response = await real(...given);
    if (due && isNext(given[1] ?? {})) {
      due = false;
      await hook();
    }
    return response;
  });
}

/** A function reads the upload; tests themselves fetch without naming a method. */
const isLook = ({ method }: RequestInit) => method === 'HEAD';
const isRead = ({ method }: RequestInit) => method === 'GET';
const isWrite = ({ method }: RequestInit) => method === 'PUT';

const avatarForm = (who: Actor): Promise<Form> => who.does('GET /file/upload/avatar/user');

const keyOf = ({ oss_body_param }: Form): string => oss_body_param.key ?? '';

/** Posts the form. @returns the object as the event of S3 describes it */
async function upload(given: Given, form: Form, content: string) {
  expect(await postForm(form, content)).toBe(200);
  return created(given, keyOf(form));
}

/** The content at the form's address, or the name of the error. */
async function shown(who: Actor, form: Form): Promise<string> {
  const { outcome, body } = await who.asks('GET /file/download/avatar', opaque(form.download_url));
  return outcome === 'success' ? (await real(body.data.url)).text() : outcome;
}

inBothWorlds('Forms for avatars', (story) => {
  story('the address of an avatar form shows its first upload at once, whatever is uploaded later', async (given) => {
    const [alice, bob] = (await given.users(2)) as [Person, Person];
    const form = await avatarForm(alice);
    expect(await shown(bob, form)).toBe('fileMissing');
    expect(await postForm(form, 'first')).toBe(200);
    expect(await shown(bob, form)).toBe('first');
    await arrivedAt(given, keyOf(form));
    expect(await postForm(form, 'second')).toBe(200);
    await arrivedAt(given, keyOf(form));
    expect(await shown(bob, form)).toBe('first');
    expect(await given.world.bucket.keysOf(given.app)).toEqual([
      expect.stringMatching(new RegExp(`^files/${given.app}/avatars/[\\w-]{22}$`)),
    ]);
  });

  story(
    'an avatar form takes as many bytes as the app allows for avatars, not as many as for files',
    async (given) => {
      const alice = await given.user();
      const group_id = await given.group(alice);
      for (const form of [await avatarForm(alice), await alice.does('GET /file/upload/avatar/group', { group_id })]) {
        expect(await postForm(form, 'x'.repeat(101))).toBe(400);
        expect(await postForm(form, 'x'.repeat(100))).toBe(200);
        expect(await shown(alice, form)).toBe('x'.repeat(100));
      }
    },
    { limits: { avatar_size: 100, file_size: 1000 } },
  );
});

inThisProcess('Forms for avatars', (story) => {
  story('an avatar form takes 5 MiB by default', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    expect(await postForm(form, 'x'.repeat(5 * 2 ** 20 + 1))).toBe(400);
    expect(await postForm(form, 'x'.repeat(5 * 2 ** 20))).toBe(200);
    expect(await shown(alice, form)).toHaveLength(5 * 2 ** 20);
  });

  story('an avatar form cannot write the objects that are served', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const key = keyOf(form).replace(/^incoming/, 'files');
    expect(key).toMatch(/^files\//);
    expect(await postForm(form, 'forged', { key })).toBe(403);
  });
});

inThisProcess('Uploads of avatars', (story) => {
  story('an avatar is published by its event, although the event may come twice and late', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const first = await upload(given, form, 'first');
    expect(await deliver(first)).toBe('published');
    expect(await given.world.bucket.keysOf(given.app)).toEqual([keyOf(form).replace(/^incoming/, 'files')]);
    expect(await deliver(first)).toBe('gone');
    const second = await upload(given, form, 'second');
    expect(await deliver(first)).toBe('discarded');
    expect(await deliver(second)).toBe('gone');
    expect(await shown(alice, form)).toBe('first');
  });

  story('an avatar is published by a download that comes before its event', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const first = await upload(given, form, 'first');
    expect(await shown(alice, form)).toBe('first');
    const second = await upload(given, form, 'second');
    expect(await deliver(second)).toBe('discarded');
    expect(await deliver(first)).toBe('gone');
    expect(await shown(alice, form)).toBe('first');
  });

  story('an avatar is shown although its event publishes it while a download looks for it', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const arrival = await upload(given, form, 'picture');
    after(isLook, async () => expect(await deliver(arrival)).toBe('published'));
    expect(await shown(alice, form)).toBe('picture');
  });

  story('an avatar loses to another upload that is published while it is read', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const first = await upload(given, form, 'first');
    after(isRead, async () => {
      expect(await deliver(await upload(given, form, 'second'))).toBe('published');
      expect(await shown(alice, form)).toBe('second');
    });
    expect(await deliver(first)).toBe('discarded');
    expect(await shown(alice, form)).toBe('second');
  });

  story('an avatar is published although the answer of S3 is lost', async (given) => {
    const alice = await given.user();
    const [byEvent, byDownload] = [await avatarForm(alice), await avatarForm(alice)];
    const lost = async () => {
      throw new Error('the connection broke');
    };
    const arrival = await upload(given, byEvent, 'by its event');
    after(isWrite, lost);
    expect(await deliver(arrival)).toBe('discarded');
    vi.restoreAllMocks();
    expect(await shown(alice, byEvent)).toBe('by its event');
    await upload(given, byDownload, 'by a download');
    after(isWrite, lost);
    expect(await shown(alice, byDownload)).toBe('by a download');
  });

  story('an avatar that S3 cannot take now is published when its event is repeated', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const arrival = await upload(given, form, 'picture');
    for (const [status, said] of [
      [503, 'S3 does not answer'],
      [403, 'S3 refuses PUT'],
    ] as const) {
      vi.spyOn(globalThis, 'fetch').mockImplementation(async (...given) =>
        isWrite(given[1] ?? {}) ? new Response('', { status }) : real(...given),
      );
      await expect(deliver(arrival)).rejects.toThrow(said);
      const answer = await alice.asksOnce('GET /file/download/avatar', opaque(form.download_url));
      expect(answer.status).toBe(status === 503 ? 503 : 500);
      vi.restoreAllMocks();
    }
    expect(await deliver(arrival)).toBe('published');
    expect(await shown(alice, form)).toBe('picture');
  });

  story('an avatar that was not published before its upload is removed is gone (fileMissing)', async (given) => {
    const alice = await given.user();
    const form = await avatarForm(alice);
    const arrival = await upload(given, form, 'picture');
    const { client, name } = given.world.bucket;
    await client.send(new DeleteObjectCommand({ Bucket: name, Key: arrival.key }));
    expect(await deliver(arrival)).toBe('gone');
    expect(await shown(alice, form)).toBe('fileMissing');
  });
});

inRaces('Avatars, in races', (story) => {
  story('many uploads by one avatar form at once show everybody the same picture for good', async (given) => {
    const people = await given.users(4);
    for (let round = 0; round < 5; round++) {
      const form = await avatarForm(people[0]!);
      const posts = Array.from({ length: 4 }, (_, n) => async () => {
        expect(await postForm(form, `picture ${n}`)).toBe(200);
        // Another run may have removed the upload by now.
        const arrival = { key: keyOf(form), size: 9, etag: 'of picture n' };
        await deliver(arrival);
        await deliver(arrival);
      });
      const seen: (string | number)[] = [];
      const look = (who: Actor) => async () => {
        for (let n = 0; n < 5; n++) seen.push(await shown(who, form));
      };
      await given.race(...posts, ...people.map(look));
      seen.push(await shown(people[0]!, form));
      const pictures = new Set(seen.filter((one) => one !== 'fileMissing'));
      expect([...pictures]).toEqual([expect.stringMatching(/^picture [0-3]$/)]);
      // Once a caller has seen a picture no caller gets fileMissing.
      expect(
        seen.indexOf(
          'fileMissing',
          seen.findIndex((one) => one !== 'fileMissing'),
        ),
      ).toBe(-1);
    }
  });
});
