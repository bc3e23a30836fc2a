import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { type S3Server, startS3Server } from '../../infra/local/s3/server.ts';
import type { CreatedObject } from '../../infra/local/s3/service.ts';

const Bucket = 'files';
const KEYS: Record<string, { secretAccessKey: string; sessionToken?: string }> = {
  local: { secretAccessKey: 'local' },
  ASIAUPLOADER: { secretAccessKey: 'uploader', sessionToken: 'the-session' },
  ASIANOLIST: { secretAccessKey: 'no-list' },
  ASIANOTHING: { secretAccessKey: 'nothing' },
};
/** Whose rights end somewhere. */
const RIGHTS: Record<string, RegExp[]> = {
  ASIAUPLOADER: [/^s3:PutObject arn:aws:s3:::files\/./],
  ASIANOLIST: [/^s3:(Get|Put)Object arn:aws:s3:::files\/./],
  ASIANOTHING: [],
};

let folder: string;
let server: S3Server;
const created: CreatedObject[] = [];
const open = () =>
  startS3Server({
    folder,
    buckets: [
      {
        name: Bucket,
        corsRules: [
          {
            AllowedOrigins: ['*'],
            AllowedMethods: ['PUT', 'POST', 'GET'],
            AllowedHeaders: ['*'],
            MaxAge: 600,
            ExposedHeaders: ['ETag'],
          },
        ],
      },
    ],
    credentials: (accessKeyId) => KEYS[accessKeyId],
    refusal: (accessKeyId, permissions) => {
      const rights = RIGHTS[accessKeyId] ?? [/./];
      const asked = [...permissions].map(({ action, resource }) => `${action} ${resource}`);
      const refused = asked.find((each) => !rights.some((right) => right.test(each)));
      return refused && `not authorized: ${refused}`;
    },
    onCreated: (object) => created.push(object),
  });
const clientOf = (accessKeyId = 'local', credentials = KEYS[accessKeyId]) =>
  new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId, secretAccessKey: '', ...credentials },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    maxAttempts: 1,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 's3-test-'));
  server = await open();
});
afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});
beforeEach(() => {
  created.length = 0;
});

/** Status and S3 error code of an answer. */
const answerOf = async (response: Response) => ({
  status: response.status,
  code: /<Code>(\w+)<\/Code>/.exec(await response.text())?.[1],
});
const DENIED = { status: 403, code: 'AccessDenied' };
const MISMATCH = { status: 403, code: 'SignatureDoesNotMatch' };

describe('calls of the SDK', () => {
  it('an object can be put, headed, read whole and by range, copied, listed and deleted', async () => {
    const s3 = clientOf();
    const key = 'a/ü & 1+2.txt';
    const Metadata = { colour: 'blue' };
    const put = await s3.send(
      new PutObjectCommand({ Bucket, Key: key, Body: 'hello world', ContentType: 'text/plain', Metadata }),
    );
    expect(put.ETag).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"');
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: key }));
    expect(head).toMatchObject({ ContentLength: 11, ContentType: 'text/plain', ETag: put.ETag, Metadata });
    const whole = await s3.send(new GetObjectCommand({ Bucket, Key: key }));
    expect(await whole.Body!.transformToString()).toBe('hello world');
    const part = await s3.send(new GetObjectCommand({ Bucket, Key: key, Range: 'bytes=6-' }));
    expect(part.ContentRange).toBe('bytes 6-10/11');
    expect(await part.Body!.transformToString()).toBe('world');
    await s3.send(new CopyObjectCommand({ Bucket, Key: 'b/copy', CopySource: `${Bucket}/${encodeURIComponent(key)}` }));
    const first = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1 }));
    expect(first.Contents?.map(({ Key, Size }) => [Key, Size])).toEqual([[key, 11]]);
    const ContinuationToken = first.NextContinuationToken;
    const second = await s3.send(new ListObjectsV2Command({ Bucket, MaxKeys: 1, ContinuationToken }));
    expect(second.Contents?.map(({ Key }) => Key)).toEqual(['b/copy']);
    expect(second.IsTruncated).toBe(false);
    const folders = await s3.send(new ListObjectsV2Command({ Bucket, Delimiter: '/' }));
    expect(folders.CommonPrefixes?.map(({ Prefix }) => Prefix)).toEqual(['a/', 'b/']);
    await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: key }] } }));
    await s3.send(new DeleteObjectCommand({ Bucket, Key: 'b/copy' }));
    expect((await s3.send(new ListObjectsV2Command({ Bucket }))).KeyCount).toBe(0);
    await expect(s3.send(new GetObjectCommand({ Bucket, Key: key }))).rejects.toThrow('does not exist');
  });

  it('keys with characters that XML escapes can be listed and deleted', async () => {
    const s3 = clientOf();
    const keys = ['a & b', '<c>', '"d" \'e\'', '007', ' f ', 'g\nh', 'ü 😀', '&lt;'];
    for (const Key of keys) await s3.send(new PutObjectCommand({ Bucket, Key: `xml/${Key}`, Body: 'x' }));
    const listed = await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'xml/' }));
    const Objects = (listed.Contents ?? []).map(({ Key }) => ({ Key }));
    expect(Objects.map(({ Key }) => Key).sort()).toEqual(keys.map((key) => `xml/${key}`).sort());
    const { Deleted, Errors } = await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
    expect([Deleted, Errors]).toEqual([Objects, undefined]);
    expect((await s3.send(new ListObjectsV2Command({ Bucket, Prefix: 'xml/' }))).KeyCount).toBe(0);
  });

  it('a DeleteObjects request that is malformed or has no keys is refused', async () => {
    const s3 = clientOf();
    const remove = s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [] } }));
    await expect(remove).rejects.toMatchObject({ name: 'MalformedXML' });
    s3.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: string }).body = '<Delete><Object>';
        return next(args);
      },
      { step: 'build', priority: 'high' },
    );
    const broken = s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'x' }] } }));
    await expect(broken).rejects.toMatchObject({ name: 'MalformedXML' });
  });

  it('a new object is reported with the access key that created it', async () => {
    await clientOf('ASIAUPLOADER').send(new PutObjectCommand({ Bucket, Key: 'x', Body: 'x' }));
    expect(created).toMatchObject([{ eventName: 'ObjectCreated:Put', key: 'x', size: 1, accessKeyId: 'ASIAUPLOADER' }]);
  });

  it('objects are kept when the server starts again', async () => {
    await clientOf().send(new PutObjectCommand({ Bucket, Key: 'kept', Body: 'kept', ContentType: 'a/b' }));
    const before = server;
    server = await open();
    await before.close();
    const got = await clientOf().send(new GetObjectCommand({ Bucket, Key: 'kept' }));
    expect([got.ContentType, await got.Body!.transformToString()]).toEqual(['a/b', 'kept']);
  });

  it('HEAD and DELETE answer for objects that exist and for others', async () => {
    const s3 = clientOf();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'going', Body: 'x', ContentType: 'a/b' }));
    expect(await s3.send(new HeadObjectCommand({ Bucket, Key: 'going' }))).toMatchObject({
      ContentLength: 1,
      ContentType: 'a/b',
    });
    for (let time = 0; time < 2; time++) {
      const { $metadata } = await s3.send(new DeleteObjectCommand({ Bucket, Key: 'going' }));
      expect($metadata.httpStatusCode).toBe(204);
    }
    await expect(s3.send(new HeadObjectCommand({ Bucket, Key: 'going' }))).rejects.toMatchObject({ name: 'NotFound' });
  });

  it('a copy keeps type and metadata, and fails if the source changed since its ETag was read', async () => {
    const s3 = clientOf();
    const put = await s3.send(
      new PutObjectCommand({
        Bucket,
        Key: 'in/1',
        Body: 'first',
        ContentType: 'image/png',
        Metadata: { colour: 'red' },
      }),
    );
    const copy = { Bucket, Key: 'out/1', CopySource: `${Bucket}/in/1` };
    const copied = await s3.send(new CopyObjectCommand({ ...copy, CopySourceIfMatch: put.ETag }));
    expect(copied.CopyObjectResult?.ETag).toBe(put.ETag);
    expect(created.at(-1)).toMatchObject({ eventName: 'ObjectCreated:Copy', key: 'out/1', size: 5 });
    await s3.send(new PutObjectCommand({ Bucket, Key: 'in/1', Body: 'again' }));
    const late = s3.send(new CopyObjectCommand({ ...copy, CopySourceIfMatch: put.ETag }));
    await expect(late).rejects.toMatchObject({ name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } });
    const head = await s3.send(new HeadObjectCommand({ Bucket, Key: 'out/1' }));
    expect(head).toMatchObject({ ETag: put.ETag, ContentType: 'image/png', Metadata: { colour: 'red' } });
  });

  it('a copy keeps or replaces tags as requested, and needs the permissions for tags', async () => {
    const s3 = clientOf();
    await s3.send(new PutObjectCommand({ Bucket, Key: 'in/t', Body: 'x', Tagging: 'a=1&b=2' }));
    const copy = (TaggingDirective?: 'COPY' | 'REPLACE', Tagging?: string, who = 'local') =>
      clientOf(who).send(
        new CopyObjectCommand({ Bucket, Key: 'out/t', CopySource: `${Bucket}/in/t`, TaggingDirective, Tagging }),
      );
    const tags = async () => (await s3.send(new HeadObjectCommand({ Bucket, Key: 'out/t' }))).TagCount;
    await copy();
    expect(await tags()).toBe(2);
    await copy('REPLACE', 'c=3');
    expect(await tags()).toBe(1);
    await copy('REPLACE');
    expect(await tags()).toBeUndefined();
    await copy('COPY');
    expect(await tags()).toBe(2);
    const denied = { name: 'AccessDenied', message: expect.stringContaining('ObjectTagging') };
    await expect(copy(undefined, undefined, 'ASIANOLIST')).rejects.toMatchObject(denied);
    await expect(copy('REPLACE', 'c=3', 'ASIANOLIST')).rejects.toMatchObject(denied);
    await copy('REPLACE', undefined, 'ASIANOLIST');
    await expect(copy('KEEP' as 'COPY')).rejects.toMatchObject({ name: 'InvalidArgument' });
    const put = new PutObjectCommand({ Bucket, Key: 'in/u', Body: 'x', Tagging: 'a=1' });
    await expect(clientOf('ASIANOLIST').send(put)).rejects.toMatchObject(denied);
  });

  it('a copy of a missing object, and of an object to itself, is refused', async () => {
    await clientOf().send(new PutObjectCommand({ Bucket, Key: 'self', Body: 'x' }));
    const copy = (accessKeyId: string, source: string) =>
      clientOf(accessKeyId).send(new CopyObjectCommand({ Bucket, Key: 'self', CopySource: `${Bucket}/${source}` }));
    await expect(copy('local', 'missing')).rejects.toMatchObject({ name: 'NoSuchKey' });
    await expect(copy('ASIANOLIST', 'missing')).rejects.toMatchObject({ name: 'AccessDenied' });
    await expect(copy('local', 'self')).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it.each([
    ['an unknown key', 'NOBODY', { secretAccessKey: 'x' }, 'InvalidAccessKeyId'],
    ['a wrong secret', 'local', { secretAccessKey: 'x' }, 'SignatureDoesNotMatch'],
    ['a missing session token', 'ASIAUPLOADER', { secretAccessKey: 'uploader' }, 'InvalidToken'],
    ['another session token', 'ASIAUPLOADER', { secretAccessKey: 'uploader', sessionToken: 'old' }, 'InvalidToken'],
  ])('a request signed with %s is refused', async (_, accessKeyId, credentials, name) => {
    const put = clientOf(accessKeyId, credentials).send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    await expect(put).rejects.toMatchObject({ name });
    expect(created).toEqual([]);
  });

  it('a missing object is answered 403 to a key that may not list the bucket', async () => {
    const head = clientOf('ASIANOLIST').send(new HeadObjectCommand({ Bucket, Key: 'missing' }));
    await expect(head).rejects.toMatchObject({ $metadata: { httpStatusCode: 403 } });
    await expect(clientOf('ASIANOLIST').send(new ListObjectsV2Command({ Bucket }))).rejects.toMatchObject({
      name: 'AccessDenied',
    });
  });

  it('a key may do only what its permissions allow, also by presigned URLs', async () => {
    await clientOf().send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'x' }));
    const nobody = clientOf('ASIANOTHING');
    const uploader = clientOf('ASIAUPLOADER');
    const refused = {
      name: 'AccessDenied',
      message: expect.stringMatching(/^not authorized: s3:\w+ arn:aws:s3:::files/),
      $metadata: { httpStatusCode: 403 },
    };
    const calls = [
      nobody.send(new GetObjectCommand({ Bucket, Key: 'k' })),
      nobody.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'y' })),
      nobody.send(new DeleteObjectCommand({ Bucket, Key: 'k' })),
      nobody.send(new ListObjectsV2Command({ Bucket })),
      uploader.send(new CopyObjectCommand({ Bucket, Key: 'l', CopySource: `${Bucket}/k` })),
      clientOf('ASIANOLIST').send(new DeleteObjectCommand({ Bucket, Key: 'k' })),
    ];
    await Promise.all(calls.map((call) => expect(call).rejects.toMatchObject(refused)));
    const { Errors } = await nobody.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: 'k' }] } }));
    expect(Errors).toEqual([
      { Key: 'k', Code: 'AccessDenied', Message: 'not authorized: s3:DeleteObject arn:aws:s3:::files/k' },
    ]);
    const url = await getSignedUrl(uploader, new GetObjectCommand({ Bucket, Key: 'k' }));
    expect(await answerOf(await fetch(url))).toEqual(DENIED);
    expect(await (await clientOf().send(new GetObjectCommand({ Bucket, Key: 'k' }))).Body!.transformToString()).toBe(
      'x',
    );
  });

  it('of many parallel PUTs with If-None-Match, one succeeds', async () => {
    const puts = Array.from({ length: 8 }, (_, i) =>
      clientOf().send(new PutObjectCommand({ Bucket, Key: 'once', Body: `${i}`, IfNoneMatch: '*' })),
    );
    const results = await Promise.allSettled(puts);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = results.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } } });
  });

  it('an upload or copy whose condition fails leaves no bytes behind', async () => {
    const s3 = clientOf();
    for (const Key of ['taken', 'source']) await s3.send(new PutObjectCommand({ Bucket, Key, Body: 'x' }));
    const there = new Set(await readdir(folder));
    const refused = { name: 'PreconditionFailed', $metadata: { httpStatusCode: 412 } };
    const object = { Bucket, Key: 'taken', CopySource: `${Bucket}/source` };
    for (const condition of [{ IfNoneMatch: '*' }, { IfMatch: '"another"' }]) {
      await expect(s3.send(new PutObjectCommand({ ...object, ...condition }))).rejects.toMatchObject(refused);
      await expect(s3.send(new CopyObjectCommand({ ...object, ...condition }))).rejects.toMatchObject(refused);
    }
    const { url, fields } = await createPresignedPost(s3, { Bucket, Key: 'taken' });
    const body = new FormData();
    for (const [name, value] of Object.entries(fields)) body.append(name, value);
    body.append('file', new Blob(['x']));
    const posted = await fetch(url, { method: 'POST', body, headers: { 'if-none-match': '*' } });
    expect(await answerOf(posted)).toEqual({ status: 412, code: 'PreconditionFailed' });
    expect(new Set(await readdir(folder))).toEqual(there);
  });

  it('a PUT with another body than the signed one is refused', async () => {
    const client = clientOf();
    client.middlewareStack.add(
      (next) => (args) => {
        (args.request as { body: string }).body = 'jello';
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low' },
    );
    const put = client.send(new PutObjectCommand({ Bucket, Key: 'k', Body: 'hello' }));
    await expect(put).rejects.toMatchObject({ name: 'XAmzContentSHA256Mismatch' });
  });
});

describe('presigned URLs', () => {
  const presignPut = (expiresIn = 60, key = 'files/one') =>
    getSignedUrl(
      clientOf('ASIAUPLOADER'),
      new PutObjectCommand({ Bucket, Key: key, ContentType: 'image/png', ContentLength: 4 }),
      {
        expiresIn,
        signableHeaders: new Set(['content-type', 'content-length']),
      },
    );
  const put = async (url: string, body = 'four', type = 'image/png') =>
    answerOf(await fetch(url, { method: 'PUT', body, headers: { 'content-type': type } }));

  it('a presigned PUT with the signed size and type is accepted', async () => {
    expect(await put(await presignPut())).toEqual({ status: 200, code: undefined });
    expect(created).toMatchObject([{ key: 'files/one', size: 4, headers: { 'content-type': 'image/png' } }]);
  });
  it('a presigned PUT with another size than the signed one is refused', async () =>
    expect(await put(await presignPut(), 'fours')).toEqual(MISMATCH));
  it('a presigned PUT with another type than the signed one is refused', async () =>
    expect(await put(await presignPut(), 'four', 'text/html')).toEqual(MISMATCH));
  it('a presigned PUT to another key than the signed one is refused', async () =>
    expect(await put((await presignPut()).replace('one', 'two'))).toEqual(MISMATCH));
  it('a presigned URL with a changed signature is refused', async () =>
    expect(
      await put((await presignPut()).replace(/(Signature=)(.)/, (_, a, b) => a + (b === '0' ? '1' : '0'))),
    ).toEqual(MISMATCH));
  it('a presigned URL with a longer validity than the signed one is refused', async () =>
    expect(await put((await presignPut()).replace('Expires=60', 'Expires=6000'))).toEqual(MISMATCH));
  it('a presigned URL that is valid for more than seven days is refused', async () =>
    expect(await put((await presignPut()).replace('Expires=60', 'Expires=604801'))).toMatchObject({ status: 400 }));
  it('a presigned URL is refused for another method', async () =>
    expect(await answerOf(await fetch(await presignPut()))).toEqual(MISMATCH));
  it('a presigned PUT with unsigned x-amz headers is refused', async () => {
    const headers = { 'content-type': 'image/png', 'x-amz-meta-added': 'x' };
    expect(await answerOf(await fetch(await presignPut(), { method: 'PUT', body: 'four', headers }))).toEqual(DENIED);
  });
  it('a presigned URL is refused after it has expired', async () => {
    const url = await presignPut(1);
    vi.useFakeTimers({ now: Date.now() + 2000, toFake: ['Date'] });
    try {
      expect(await put(url)).toEqual(DENIED);
    } finally {
      vi.useRealTimers();
    }
  });
  it('a presigned URL without its session token is refused', async () =>
    expect(await put((await presignPut()).replace(/X-Amz-Security-Token=[^&]+&/, ''))).toEqual({
      status: 400,
      code: 'InvalidToken',
    }));
  it('reads and writes without a signature are refused', async () => {
    const url = `${server.endpoint}/${Bucket}/files/one`;
    expect(await answerOf(await fetch(url))).toEqual(DENIED);
    expect(await put(url)).toEqual(DENIED);
  });
  it('a presigned PUT with another checksum than the signed one is refused', async () => {
    const client = new S3Client({
      endpoint: server.endpoint,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const url = await getSignedUrl(client, new PutObjectCommand({ Bucket, Key: 'k' }));
    expect(await put(url)).toEqual({ status: 400, code: 'BadDigest' });
  });
  it('a PUT without a Content-Length is refused', async () => {
    const url = await getSignedUrl(clientOf(), new PutObjectCommand({ Bucket, Key: 'k' }));
    const chunked = request(url, { method: 'PUT', headers: { 'transfer-encoding': 'chunked' } });
    const answered = new Promise<number | undefined>((resolve) =>
      chunked.on('response', (response) => resolve(response.statusCode)),
    );
    chunked.end('x');
    expect(await answered).toBe(411);
  });

  it('a presigned GET returns the file name and type that its URL names', async () => {
    await clientOf().send(new PutObjectCommand({ Bucket, Key: 'files/named', Body: 'x' }));
    const url = await getSignedUrl(
      clientOf(),
      new GetObjectCommand({
        Bucket,
        Key: 'files/named',
        ResponseContentDisposition: "attachment; filename*=UTF-8''%E2%82%AC.pdf",
        ResponseContentType: 'application/pdf',
      }),
    );
    const response = await fetch(url);
    expect(response.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''%E2%82%AC.pdf");
    expect(response.headers.get('content-type')).toBe('application/pdf');
    expect(await response.text()).toBe('x');
    expect(await answerOf(await fetch(url.replace('application%2Fpdf', 'text%2Fhtml')))).toEqual(MISMATCH);
  });

  it('virtual-hosted addresses are served', async () => {
    const port = new URL(server.endpoint).port;
    const client = new S3Client({
      endpoint: `http://localhost:${port}`,
      region: 'us-east-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    });
    const url = await getSignedUrl(client, new GetObjectCommand({ Bucket, Key: 'files/named' }));
    expect(new URL(url).hostname).toBe(`${Bucket}.localhost`);
    const { pathname, search, host } = new URL(url);
    const sent = request({ host: '127.0.0.1', port, path: pathname + search, headers: { host } });
    sent.end();
    const [status, body] = await new Promise<[number | undefined, string]>((resolve) =>
      sent.on('response', async (response) => resolve([response.statusCode, await text(response)])),
    );
    expect([status, body]).toEqual([200, 'x']);
  });
});

describe('form uploads', () => {
  const CONDITIONS: PresignedPostOptions['Conditions'] = [
    ['content-length-range', 2, 8],
    ['starts-with', '$Content-Type', 'image/'],
  ];
  const post = async ({
    change = {},
    body = 'four',
    expires = 60,
  }: {
    change?: Record<string, string | undefined>;
    body?: string;
    expires?: number;
  } = {}) => {
    const { url, fields } = await createPresignedPost(clientOf('ASIAUPLOADER'), {
      Bucket,
      Key: 'files/form',
      Conditions: CONDITIONS,
      Fields: { 'Content-Type': 'image/png' },
      Expires: expires,
    });
    const form = new FormData();
    for (const [name, value] of Object.entries({ ...fields, ...change }))
      if (value !== undefined) form.append(name, value);
    form.append('file', new Blob([body]), 'picture.png');
    return answerOf(await fetch(url, { method: 'POST', body: form }));
  };

  it('a form that its policy allows is accepted', async () => {
    expect(await post()).toEqual({ status: 204, code: undefined });
    expect(created).toMatchObject([
      { eventName: 'ObjectCreated:Post', key: 'files/form', size: 4, headers: { 'content-type': 'image/png' } },
    ]);
  });
  it('a form with a file over the size of its policy is refused', async () =>
    expect(await post({ body: 'ninebytes' })).toEqual({ status: 400, code: 'EntityTooLarge' }));
  it('a form with a file under the size of its policy is refused', async () =>
    expect(await post({ body: '1' })).toEqual({ status: 400, code: 'EntityTooSmall' }));
  it('a form with another key than its policy allows is refused', async () =>
    expect(await post({ change: { key: 'files/other' } })).toEqual(DENIED));
  it('a form with another type than its policy allows is refused', async () =>
    expect(await post({ change: { 'Content-Type': 'text/html' } })).toEqual(DENIED));
  it('a form without a field that its policy names is refused', async () =>
    expect(await post({ change: { 'Content-Type': undefined } })).toEqual(DENIED));
  it('a form signed by a key that may not upload is refused', async () => {
    const { url, fields } = await createPresignedPost(clientOf('ASIANOTHING'), { Bucket, Key: 'files/form' });
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob(['four']), 'x');
    expect(await answerOf(await fetch(url, { method: 'POST', body: form }))).toEqual(DENIED);
  });
  it('a form with a field that its policy does not name is refused', async () =>
    expect(await post({ change: { 'x-amz-meta-more': '1' } })).toEqual(DENIED));
  it('a form without a policy is refused', async () =>
    expect(
      await post({ change: { Policy: undefined, 'X-Amz-Signature': undefined, 'X-Amz-Credential': undefined } }),
    ).toEqual(DENIED));
  it('a form with a changed policy is refused', async () => {
    const policy = Buffer.from(JSON.stringify({ expiration: '2999-01-01T00:00:00Z', conditions: [] })).toString(
      'base64',
    );
    expect(await post({ change: { Policy: policy } })).toEqual(MISMATCH);
  });
  it('a form is refused after its policy has expired', async () =>
    expect(await post({ expires: -10 })).toEqual(DENIED));
});

describe('CORS', () => {
  const preflight = (method: string) =>
    fetch(`${server.endpoint}/${Bucket}/x`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': method,
        'access-control-request-headers': 'content-type',
      },
    });

  it('preflights are answered by the CORS rules of the bucket', async () => {
    const allowed = await preflight('PUT');
    expect(allowed.status).toBe(200);
    expect(Object.fromEntries(allowed.headers)).toMatchObject({
      'access-control-allow-origin': '*',
      'access-control-allow-headers': 'content-type',
      'access-control-max-age': '600',
    });
    expect((await preflight('DELETE')).status).toBe(403);
  });
  it('answers have CORS headers, also errors', async () => {
    const response = await fetch(`${server.endpoint}/${Bucket}/x`, { headers: { origin: 'https://app.example' } });
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-expose-headers')).toBe('ETag');
  });
});

describe('connections', () => {
  it('a connection that waits for another request is never closed, so that no function must repeat one', async () => {
    const { headers } = await fetch(`${server.endpoint}/${Bucket}/x`);
    // Where a server closes such connections, it names the seconds.
    expect(headers.get('connection')).toBe('keep-alive');
    expect(headers.get('keep-alive')).toBeNull();
  });
});
