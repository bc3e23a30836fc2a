import { afterEach, expect, vi } from 'vitest';
import type { Answer } from '../../support/api.ts';
import { hashing } from '../../support/cheap-hashing.ts';
import { replace } from '../../support/replace.ts';
import { type Given, inThisProcess, PASSWORD } from '../../support/story.ts';

/** How many passwords are hashed before hashing stops, as at a function's time-out. */
const left = { hashes: Number.POSITIVE_INFINITY };
replace(hashing, 'scrypt', (cheap) => (...given) => {
  if (left.hashes-- > 0) cheap(...given);
});
afterEach(() => {
  left.hashes = Number.POSITIVE_INFINITY;
  vi.useRealTimers();
});

interface Entry {
  user_id: number;
  username: string;
  success: boolean;
}

/** Thirty-two entries: the eighth is bad, and the last has the name of the first. */
const list = Array.from({ length: 32 }, (_, n) => ({
  username: n === 31 ? 'PERSON_0' : `person_${n}`,
  password: n === 7 ? 'short' : PASSWORD,
}));
const good = list.map((_, n) => n !== 7 && n !== 31);

const registers = (given: Given, key?: string): Promise<Answer> => {
  const headers = key === undefined ? {} : { 'idempotency-key': key };
  return given.api.call('POST', '/user/register/batch', { ...given.admin().headers, headers, body: { list } });
};

const registered = async (given: Given): Promise<Entry[]> =>
  given.admin().does('GET /user/list', { page_size: 100 }) as Promise<Entry[]>;

/** Makes a call that stops after that many hashes, and waits until it has written what it could. */
async function cutOff(given: Given, hashes: number, written: number, key?: string): Promise<void> {
  left.hashes = hashes;
  registers(given, key).catch(() => {});
  await vi.waitFor(async () => expect(await registered(given)).toHaveLength(written), {
    timeout: 20_000,
    interval: 50,
  });
  left.hashes = Number.POSITIVE_INFINITY;
}

inThisProcess('A batch of registrations that runs out of time', (story) => {
  story('a batch that is cut off is completed by a repetition with its Idempotency-Key', async (given) => {
    // Nine of the first ten have a password, and ten of the second.
    await cutOff(given, 25, 19, 'a key');
    const before = await registered(given);
    expect(before.map(({ username }) => username)).toEqual(
      list.filter((_, n) => n < 20 && good[n]).map(({ username }) => username),
    );
    expect((await registers(given, 'a key')).status).toBe(503);
    // By then the first call has ended.
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 30_000 });
    const { body } = await registers(given, 'a key');
    const answer: Entry[] = body.data;
    expect(answer.map(({ success }) => success)).toEqual(good);
    expect(answer.filter(({ success }) => success)).toMatchObject(
      (await registered(given)).map(({ user_id, username }) => ({ user_id, username })),
    );
    expect(await registered(given)).toHaveLength(30);
    expect((await registered(given)).slice(0, 19)).toEqual(before);
    expect((await registers(given, 'a key')).body).toEqual(body);
  });

  story('a batch that is cut off leaves only complete users, without an Idempotency-Key too', async (given) => {
    await cutOff(given, 15, 9);
    for (const { username, user_id } of await registered(given))
      expect(await given.nobody.does('POST /token/user', { name: username, password: PASSWORD })).toMatchObject({
        user_id,
      });
    const { body } = await registers(given);
    expect(body.data.map(({ success }: Entry) => success)).toEqual(good.map((is, n) => is && n > 9));
    expect(await registered(given)).toHaveLength(30);
  });
});
