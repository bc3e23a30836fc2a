import { createHash } from 'node:crypto';
import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { BUCKET_NAME } from '../../shared/environment.ts';
import { attachment } from '../../shared/storage/attachment.ts';
import { presignForm } from '../../shared/storage/form.ts';
import { presignGet } from '../../shared/storage/presign.ts';

const Bucket = 'a-bucket';

beforeEach(() => {
  vi.useFakeTimers({ now: Date.parse('2026-11-22T02:42:07Z'), toFake: ['Date'] });
  for (const [name, value] of Object.entries({
    [BUCKET_NAME]: Bucket,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'ASIAEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret/+',
    AWS_SESSION_TOKEN: 'session+/==',
    AWS_ENDPOINT_URL_S3: undefined,
  }))
    vi.stubEnv(name, value);
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const parts = (url: string) => {
  const { origin, pathname, searchParams } = new URL(url);
  return { origin, pathname, query: Object.fromEntries(searchParams) };
};

describe.each(['with a session', 'without one'])('presigned forms %s', (which) => {
  beforeEach(() => {
    if (which === 'without one') vi.stubEnv('AWS_SESSION_TOKEN', undefined);
  });

  test('a presigned form equals the form that the SDK makes of the same upload', async () => {
    const { url, fields } = await presignForm('incoming/a', 100, 900);
    const theirs = await createPresignedPost(new S3Client({}), {
      Bucket,
      Key: 'incoming/a',
      Conditions: [['content-length-range', 0, 100]],
      Fields: { success_action_status: '200' },
      Expires: 900,
    });
    const lower = Object.entries(theirs.fields).map(([name, value]) => [name.toLowerCase(), value]);
    const { bucket, policy: theirPolicy = '', 'x-amz-signature': _, ...same } = Object.fromEntries(lower);
    const { policy = '', 'x-amz-signature': signature, ...given } = fields;
    expect([url, given]).toEqual([theirs.url, same]);
    // Conditions come in another order, so the policies have different signatures.
    const read = (text: string) => {
      const { expiration, conditions } = JSON.parse(Buffer.from(text, 'base64').toString());
      const names = conditions.map((one: object) => JSON.stringify(one).toLowerCase());
      return { expiration: Date.parse(expiration), conditions: names.sort() };
    };
    expect(read(policy)).toEqual(read(theirPolicy));
    expect(signature).toMatch(/^[0-9a-f]{64}$/);
  });
});

test('a download has the requested name and type, and without a requested type that of the object', async () => {
  const typed = parts(await presignGet('files/app/7/k', { name: '1 €.pdf', type: 'a/b; c=d' }, 60));
  expect(typed).toMatchObject({
    origin: 'https://a-bucket.s3.eu-west-1.amazonaws.com',
    pathname: '/files/app/7/k',
    query: { 'response-content-disposition': attachment('1 €.pdf'), 'response-content-type': 'a/b; c=d' },
  });
  const { query } = parts(await presignGet('files/app/7/k', { name: 'a' }, 60));
  expect(query).toMatchObject({ 'response-content-disposition': attachment('a'), 'X-Amz-Expires': '60' });
  expect(query).not.toHaveProperty('response-content-type');
});

describe('the address of a download', () => {
  const most = { app: 'a'.repeat(64), group: '9'.repeat(16), random: 'r'.repeat(22), etag: 'e'.repeat(32) };
  const key = `files/${most.app}/${most.group}/${most.random}.${most.etag}`;
  /** 1,500 characters of base64, as random as those of a session token. */
  const token = Array.from({ length: 50 }, (_, n) => createHash('sha256').update(`${n}`).digest('base64'))
    .join('')
    .replaceAll('=', '')
    .slice(0, 1500);
  const names = {
    'letters only': 'a'.repeat(255),
    'quotation marks': `${"'".repeat(251)}.txt`,
    'spaces and signs to escape': `${' "%/'.repeat(63)}.b`,
    'Chinese characters': `${'报'.repeat(250)}.docx`,
    emoji: '😀'.repeat(255),
    'emoji and an extension': `${'😀'.repeat(251)}.jpg`,
    'an extension of emoji': `${'a'.repeat(239)}.${'😀'.repeat(15)}`,
    'dots only': '.'.repeat(255),
    'letters and emoji in turn': 'a😀'.repeat(127),
    'halves of pairs': '\ud83d'.repeat(255),
  };
  const types = { 'no type': undefined, 'a type': 'image/png', 'a type of signs to escape': '"'.repeat(255) };
  const cases = Object.entries(names).flatMap(([which, name]) =>
    Object.entries(types).map(([of, type]) => ({ which, name, of, type })),
  );

  test.each(cases)('a download address stays below 4 KB with a name of $which and $of', async ({ name, type }) => {
    vi.stubEnv(BUCKET_NAME, 'b'.repeat(63));
    // The longest host: no other region of China has a longer name.
    vi.stubEnv('AWS_REGION', 'cn-northwest-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'A'.repeat(20));
    const address = () => presignGet(key, { name, ...(type && { type }) }, 3600);
    for (const [session, bound] of [
      [token, 4096],
      [undefined, 2500],
    ] as const) {
      vi.stubEnv('AWS_SESSION_TOKEN', session);
      const url = await address();
      expect(url.length).toBeLessThan(bound);
      const { query } = parts(url);
      expect(query['response-content-type']).toBe(type);
      const disposition = query['response-content-disposition'] ?? '';
      const [, shown = ''] = /filename\*=UTF-8''(.+)$/.exec(disposition) ?? [];
      // Throws where an escape or a pair was cut.
      const kept = decodeURIComponent(shown);
      expect(disposition).toBe(attachment(kept));
      const [, begin = '', extension = ''] = /^(.*?)(\.[^.]{1,15})?$/su.exec(name.toWellFormed()) ?? [];
      expect(kept.endsWith(extension)).toBe(true);
      expect(begin.startsWith(kept.slice(0, kept.length - extension.length))).toBe(true);
    }
  });

  test.each([
    ['a name of letters, however long', 'a'.repeat(255)],
    ['80 emoji', '😀'.repeat(80)],
    ['100 Chinese characters and an extension', `${'报'.repeat(100)}.docx`],
  ])('a download address has the whole of %s', async (_, name) => {
    const { query } = parts(await presignGet(key, { name, type: 'image/png' }, 3600));
    expect(query['response-content-disposition']).toBe(attachment(name));
  });
});

describe('the name of a download', () => {
  test.each([
    ['report.pdf', `filename="report.pdf"; filename*=UTF-8''report.pdf`],
    ['a "quoted" 100%.txt', `filename="a _quoted_ 100_.txt"; filename*=UTF-8''a%20%22quoted%22%20100%25.txt`],
    ['报告 (1).pdf', `filename="_ (1).pdf"; filename*=UTF-8''%E6%8A%A5%E5%91%8A%20%281%29.pdf`],
    ['😀.png', `filename="_.png"; filename*=UTF-8''%F0%9F%98%80.png`],
    ["it's*.txt", `filename="it's*.txt"; filename*=UTF-8''it%27s%2A.txt`],
    ['a\r\nSet-Cookie: b', `filename="a_Set-Cookie: b"; filename*=UTF-8''a%0D%0ASet-Cookie%3A%20b`],
    ['../../etc/passwd', `filename=".._.._etc_passwd"; filename*=UTF-8''..%2F..%2Fetc%2Fpasswd`],
    ['half \ud83d of a pair', `filename="half _ of a pair"; filename*=UTF-8''half%20%EF%BF%BD%20of%20a%20pair`],
  ])('the name %j becomes a header that every client can read', (name, expected) =>
    expect(attachment(name)).toBe(`attachment; ${expected}`),
  );
});
