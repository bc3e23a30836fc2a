import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { type S3Server, startS3Server } from '../../infra/local/s3/server.ts';
import { BUCKET_NAME } from '../../shared/environment.ts';
import { Unavailable } from '../../shared/errors.ts';
import { bucketUrl } from '../../shared/storage/client.ts';
import { presign, presignPut } from '../../shared/storage/presign.ts';
import { copyObject, deleteObject, getObject, headObject, putNewObject } from '../../shared/storage/requests.ts';

let folder: string;
let server: S3Server;
/** What the function may not do, as `action resource`. It may never list the bucket, read or write tags. */
let forbidden: RegExp | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'objects-'));
  server = await startS3Server({
    folder,
    buckets: [{ name: 'files', corsRules: [] }],
    credentials: (key) =>
      ({ ASIA1: { secretAccessKey: 'secret', sessionToken: 'session' }, operator: { secretAccessKey: 'operator' } })[
        key
      ],
    refusal: (key, permissions) => {
      const asked = [...permissions].map(({ action, resource }) => `${action} ${resource}`).join();
      const refused = /:ListBucket |Tagging /.test(asked) || forbidden?.test(asked);
      return key === 'ASIA1' && refused ? `not authorized: ${asked}` : undefined;
    },
  });
  vi.stubEnv(BUCKET_NAME, 'files');
  vi.stubEnv('AWS_REGION', 'us-east-1');
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'ASIA1');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
  vi.stubEnv('AWS_SESSION_TOKEN', 'session');
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await server.close();
  await rm(folder, { recursive: true });
});

const upload = async (key: string, body: string, type = 'text/plain') => {
  const url = await presignPut(key, { size: Buffer.byteLength(body), type }, 60);
  return (await fetch(url, { method: 'PUT', body, headers: { 'content-type': type } })).status;
};
/** The bucket as operators reach it. */
const operator = () =>
  new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'operator', secretAccessKey: 'operator' },
  });
const download = async (key: string) => (await fetch(await presign({ method: 'GET', key }, 60))).text();

describe('the address of an upload', () => {
  it('an upload address takes exactly the size and the type that were signed', async () => {
    const url = await presignPut('incoming/a/1/x', { size: 5, type: 'image/png' }, 60);
    const put = async (body: string, type = 'image/png') =>
      (await fetch(url, { method: 'PUT', body, headers: { 'content-type': type } })).status;
    expect(await put('1234')).toBe(403);
    expect(await put('123456')).toBe(403);
    expect(await put('12345', 'text/html')).toBe(403);
    expect(await headObject('incoming/a/1/x')).toBeUndefined();
    expect(await put('12345')).toBe(200);
    expect(await headObject('incoming/a/1/x')).toMatchObject({ size: 5, type: 'image/png' });
  });

  it('an upload address for size 0 takes an empty object', async () => {
    expect(await upload('incoming/a/1/nothing', '')).toBe(200);
    expect(await headObject('incoming/a/1/nothing')).toMatchObject({ size: 0 });
  });

  it.each(['application/vnd.x+json; charset="utf-8"', "weird/!'()*"])(
    'an upload address carries the type %s',
    async (type) => {
      expect(await upload('incoming/a/1/typed', 'x', type)).toBe(200);
      expect((await headObject('incoming/a/1/typed'))?.type).toBe(type);
    },
  );

  it('an upload address on AWS is the host of the bucket, in any partition', () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', '');
    try {
      expect(bucketUrl().href).toBe('https://files.s3.us-east-1.amazonaws.com/');
      vi.stubEnv('AWS_REGION', 'cn-north-1');
      expect(bucketUrl().href).toBe('https://files.s3.cn-north-1.amazonaws.com.cn/');
    } finally {
      vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
      vi.stubEnv('AWS_REGION', 'us-east-1');
    }
  });
});

describe('copying', () => {
  it('a copy takes content and type along, and may be repeated', async () => {
    await upload('incoming/a/1/c', 'content', 'image/png');
    const { etag } = (await headObject('incoming/a/1/c'))!;
    expect(await copyObject('incoming/a/1/c', 'files/a/1/c', etag)).toBe(true);
    expect(await copyObject('incoming/a/1/c', 'files/a/1/c', etag)).toBe(true);
    expect(await download('files/a/1/c')).toBe('content');
    expect(await headObject('files/a/1/c')).toEqual({ size: 7, type: 'image/png', etag });
  });

  it('nothing is copied once the object was replaced or is gone', async () => {
    await upload('incoming/a/1/d', 'first');
    const { etag } = (await headObject('incoming/a/1/d'))!;
    await upload('incoming/a/1/d', 'other');
    expect(await copyObject('incoming/a/1/d', 'files/a/1/d', etag)).toBe(false);
    await deleteObject('incoming/a/1/d');
    await deleteObject('incoming/a/1/d');
    expect(await copyObject('incoming/a/1/d', 'files/a/1/d', etag)).toBe(false);
    expect(await headObject('files/a/1/d')).toBeUndefined();
  });

  it('a copy without permission is a fault, and not a missing object', async () => {
    await upload('incoming/a/1/e', 'content');
    const { etag } = (await headObject('incoming/a/1/e'))!;
    forbidden = /^s3:PutObject .*\/files\//;
    try {
      const refused = copyObject('incoming/a/1/e', 'files/a/1/e', etag);
      await expect(refused).rejects.toThrow('S3 refuses to copy an object that is there: incoming/a/1/e');
      await expect(refused).rejects.not.toBeInstanceOf(Unavailable);
      await deleteObject('incoming/a/1/e');
      expect(await copyObject('incoming/a/1/e', 'files/a/1/e', etag)).toBe(false);
    } finally {
      forbidden = undefined;
    }
  });

  it('a copy takes no tags along, and so needs no permission for tags', async () => {
    const [Bucket, Key] = ['files', 'incoming/a/1/tagged'];
    await operator().send(new PutObjectCommand({ Bucket, Key, Body: 'content', Tagging: 'scanned=yes&by=us' }));
    expect(await operator().send(new HeadObjectCommand({ Bucket, Key }))).toMatchObject({ TagCount: 2 });
    const { etag } = (await headObject(Key))!;
    expect(await copyObject(Key, 'files/a/1/untagged', etag)).toBe(true);
    const copy = await operator().send(new HeadObjectCommand({ Bucket, Key: 'files/a/1/untagged' }));
    expect(copy.TagCount).toBeUndefined();
  });
});

describe('writing a new object', () => {
  it('a new object keeps content and type of the first writer', async () => {
    const [first, second] = ['first', ''].map((text) => ({ type: 'image/png', content: Buffer.from(text) }));
    expect(await getObject('files/a/avatars/x')).toBeUndefined();
    expect(await putNewObject('files/a/avatars/x', first!)).toBe(true);
    expect(await putNewObject('files/a/avatars/x', second!)).toBe(false);
    expect(await getObject('files/a/avatars/x')).toEqual(first);
    expect(await putNewObject('files/a/avatars/y', second!)).toBe(true);
    expect(await getObject('files/a/avatars/y')).toEqual(second);
  });

  it('a new object without permission is a fault', async () => {
    forbidden = /^s3:PutObject /;
    try {
      const put = putNewObject('files/a/avatars/z', { type: 'image/png', content: Buffer.from('x') });
      await expect(put).rejects.toThrow('S3 refuses PUT: 403 AccessDenied');
    } finally {
      forbidden = undefined;
    }
  });
});

describe('a bucket that fails', () => {
  let broken: Server;
  let asked: number;
  /** Answers with these, one after another; the last one for good. `breaks`: the connection ends within the body. */
  const answering = async (...answers: [status: number, body: string, breaks?: 'breaks'][]) => {
    asked = 0;
    broken = createServer((request, response) => {
      const [status, body, breaks] = answers[Math.min(asked++, answers.length - 1)]!;
      request.resume();
      if (breaks) response.writeHead(status).write(body, () => response.destroy());
      else response.writeHead(status).end(body);
    }).listen(0, '127.0.0.1');
    await new Promise((ready) => broken.once('listening', ready));
    vi.stubEnv('AWS_ENDPOINT_URL_S3', `http://127.0.0.1:${(broken.address() as AddressInfo).port}`);
  };
  afterEach(() => {
    broken.close();
    vi.stubEnv('AWS_ENDPOINT_URL_S3', server.endpoint);
  });
  const error = (code: string) => `<?xml version="1.0"?>\n<Error><Code>${code}</Code></Error>`;

  it('a busy bucket is asked again, and then is Unavailable', async () => {
    await answering([503, error('SlowDown')], [500, ''], [204, '']);
    await deleteObject('files/a/1/x');
    expect(asked).toBe(3);
    broken.close();
    await answering([503, error('SlowDown')]);
    await expect(deleteObject('files/a/1/x')).rejects.toThrow(Unavailable);
    expect(asked).toBeGreaterThan(3);
  });

  it('a bucket is asked again where two writers conflict, a body is late, or an answer breaks off', async () => {
    await answering([409, error('ConditionalRequestConflict')], [400, error('RequestTimeout')], [200, '']);
    expect(await putNewObject('files/a/avatars/x', { type: 'a/b', content: Buffer.from('x') })).toBe(true);
    expect(asked).toBe(3);
    broken.close();
    await answering([200, 'half', 'breaks'], [200, '<Error><Code>NoError</Code></Error>']);
    const found = await getObject('files/a/avatars/x');
    expect(String(found?.content)).toBe('<Error><Code>NoError</Code></Error>');
    expect(asked).toBe(2);
  });

  it('a bucket is asked again where a copy fails after status 200', async () => {
    await answering([200, error('InternalError')], [200, '<CopyObjectResult></CopyObjectResult>']);
    expect(await copyObject('incoming/a/1/x', 'files/a/1/x', 'e')).toBe(true);
    expect(asked).toBe(2);
  });

  it('a bucket is asked again where the answer to a copy breaks off, and then is Unavailable', async () => {
    const [half, whole] = [
      '<?xml version="1.0"?>\n<CopyObjectResult><ETag>"e"</E',
      '<CopyObjectResult></CopyObjectResult>',
    ];
    await answering([200, half, 'breaks'], [200, ' ', 'breaks'], [200, half], [200, whole]);
    expect(await copyObject('incoming/a/1/x', 'files/a/1/x', 'e')).toBe(true);
    expect(asked).toBeGreaterThan(3);
    broken.close();
    await answering([200, '', 'breaks']);
    await expect(copyObject('incoming/a/1/x', 'files/a/1/x', 'e')).rejects.toThrow(Unavailable);
    broken.close();
    await answering([200, half]);
    await expect(copyObject('incoming/a/1/x', 'files/a/1/x', 'e')).rejects.toThrow(Unavailable);
    expect(asked).toBeGreaterThan(3);
  });

  it('a bucket that refuses a request is not asked again', async () => {
    await answering([403, error('AccessDenied')], [403, error('ExpiredToken')], [404, error('NoSuchBucket')]);
    await expect(deleteObject('files/a/1/x')).rejects.toThrow('S3 refuses DELETE: 403 AccessDenied');
    await expect(copyObject('incoming/a/1/x', 'files/a/1/x', 'e')).rejects.toThrow('S3 refuses PUT: 403 ExpiredToken');
    await expect(deleteObject('files/a/1/x')).rejects.toThrow('S3 refuses DELETE: 404 NoSuchBucket');
    expect(asked).toBe(3);
  });

  it('an object that a 403 hides, since the bucket may not be listed, counts as missing', async () => {
    await answering([403, error('AccessDenied')], [403, '']);
    expect(await copyObject('incoming/a/1/x', 'files/a/1/x', 'e')).toBe(false);
    expect(await headObject('incoming/a/1/x')).toBeUndefined();
    expect(asked).toBe(3);
  });
});
