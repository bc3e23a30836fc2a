import { randomUUID } from 'node:crypto';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import type { Context } from 'aws-lambda';
import { expect, vi } from 'vitest';
import { handler, type ObjectCreated } from '../../functions/background/publish-file.ts';
import { takeLog } from './log.ts';
import type { Actor, Given } from './story.ts';

/** Uploads to the address that `file/upload` answered. */
export const put = (
  { url, type }: { url: string; type: string },
  body: string | Uint8Array<ArrayBuffer>,
): Promise<Response> => fetch(url, { method: 'PUT', body, headers: { 'content-type': type } });

/** The key of the object of a presigned address. */
export const keyOf = (url: string): string => new URL(url).pathname.split('/').slice(2).join('/');

export interface Created {
  key: string;
  size: number;
  etag: string;
}

/** The object as an event of S3 describes it. */
export async function created({ world: { bucket } }: Given, key: string): Promise<Created> {
  const { ContentLength, ETag } = await bucket.client.send(new HeadObjectCommand({ Bucket: bucket.name, Key: key }));
  return { key, size: ContentLength ?? 0, etag: (ETag ?? '').replaceAll('"', '') };
}

/** Hands the event of an object to the function of this process. @returns what became of the upload */
export async function deliver(object: Created): Promise<string> {
  const requestId = randomUUID();
  const event = { detail: { object, 'request-id': requestId } } as ObjectCreated;
  await handler(event, { awsRequestId: requestId, getRemainingTimeInMillis: () => 60_000 } as Context);
  return (takeLog(requestId) as unknown as { upload: string }).upload;
}

/** Waits until the upload to the address was handled; in process, where nothing delivers events, handles it. */
export const arrived = (given: Given, url: string): Promise<void> => arrivedAt(given, keyOf(url));

/** `arrived` for the upload at this key. */
export async function arrivedAt(given: Given, key: string): Promise<void> {
  const { bucket, conflicts } = given.world;
  if (conflicts) return void (await deliver(await created(given, key)));
  await vi.waitFor(async () => expect(await bucket.keysOf(given.app)).not.toContain(key), {
    timeout: 10_000,
    interval: 50,
  });
}

/** Shares a file, from the reservation to the list. @returns the record that reserved it */
export async function share(
  given: Given,
  who: Actor,
  group_id: number,
  { name = 'notes.txt', type = 'text/plain', content = 'content' } = {},
) {
  const record = await who.does('POST /group/file/upload', {
    group_id,
    name,
    type,
    size: Buffer.byteLength(content),
  });
  expect((await put(record, content)).status).toBe(200);
  await arrived(given, record.url);
  return record;
}

/** An upload form as operations answer it. */
export interface Form {
  upload_url: string;
  direct_url: string;
  oss_body_param: Record<string, string>;
  download_url: string;
}

/** Posts the whole form to S3, as a browser does. @returns the status */
export async function postForm(
  { direct_url, oss_body_param }: Form,
  content: string,
  change: Record<string, string> = {},
): Promise<number> {
  const form = new FormData();
  for (const [name, value] of Object.entries({ ...oss_body_param, ...change })) form.append(name, value);
  form.append('file', new Blob([content]), 'file');
  return (await fetch(direct_url, { method: 'POST', body: form })).status;
}

/** A form of a client that leaves out fields of S3's form; the gateway turns it into base64. */
export const stockForm = (content: string, name = 'file') => ({
  base64: true,
  headers: { 'content-type': 'multipart/form-data; boundary=limit' },
  body: [
    ...['OSSAccessKeyId', 'policy', 'signature', 'callback', 'key'].map(
      (field) => `--limit\r\nContent-Disposition: form-data; name="${field}"\r\n\r\nundefined\r\n`,
    ),
    `--limit\r\nContent-Disposition: form-data; name="${name}"; filename="圖 1.png"\r\nContent-Type: image/png\r\n\r\n`,
    `${content}\r\n--limit--\r\n`,
  ].join(''),
});

/** Posts such a form to its `upload_url`. */
export const postStockForm = ({ world: { api } }: Given, { upload_url }: Form, content: string, name?: string) =>
  api.call('POST', '/file/upload/form', { query: opaque(upload_url), ...stockForm(content, name) });

/** The parameters of a stable address. */
export const opaque = (url: string): Record<string, string> => Object.fromEntries(new URL(url).searchParams);
