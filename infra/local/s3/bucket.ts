/** Operations on a bucket. */
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { checkPayload } from './payload.ts';
import { reply, replyXml, type S3Request } from './request.ts';
import { authorize, refusalOf, type S3Service } from './service.ts';
import type { Signer } from './signature.ts';
import type { StoredObject } from './store.ts';
import { readDelete, type XmlContent } from './xml.ts';

export function headBucket(service: S3Service, request: S3Request, signer: Signer) {
  authorize(service, signer, 'ListBucket', request);
  reply(request, 200, {});
}

/** ListObjectsV2 */
export function listObjects(service: S3Service, request: S3Request, signer: Signer) {
  const { bucket, query } = request;
  authorize(service, signer, 'ListBucket', request);
  const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
  const limit = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
  const token = query.get('continuation-token');
  const after = token ? Buffer.from(token, 'base64url').toString() : (query.get('start-after') ?? '');
  // Keys that share their text up to the delimiter become one common prefix, at the place of the first of them.
  const entries = new Map<string, StoredObject | undefined>();
  for (const object of service.store.list(bucket, prefix)) {
    const cut = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
    if (cut < 0) entries.set(object.key, object);
    else entries.set(object.key.slice(0, cut + delimiter.length), undefined);
  }
  const left = [...entries].filter(([name]) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0);
  const page = left.slice(0, limit);
  const isTruncated = left.length > page.length && page.length > 0;
  replyXml(request, 200, 'ListBucketResult', {
    Name: bucket,
    Prefix: prefix,
    MaxKeys: limit,
    KeyCount: page.length,
    IsTruncated: isTruncated,
    NextContinuationToken: isTruncated ? Buffer.from(page.at(-1)![0]).toString('base64url') : undefined,
    Contents: page.flatMap(([, object]) => (object ? [listed(object)] : [])),
    CommonPrefixes: page.flatMap(([name, object]) => (object ? [] : [{ Prefix: name }])),
  });
}

const listed = ({ key, lastModified, etag, size }: StoredObject): XmlContent => ({
  Key: key,
  LastModified: new Date(lastModified).toISOString(),
  ETag: `"${etag}"`,
  Size: size,
  StorageClass: 'STANDARD',
});

export async function deleteObjects(service: S3Service, request: S3Request, signer: Signer) {
  const { store } = service;
  const body = await buffer(request.incoming);
  const received = await store.receive(Readable.from([body]));
  await store.discard(received);
  checkPayload(received, request, signer);
  const { keys, quiet } = readDelete(body.toString());
  const result = { Error: [] as XmlContent[], Deleted: [] as XmlContent[] };
  for (const Key of keys) {
    const refused = refusalOf(service, signer, 'DeleteObject', { bucket: request.bucket, key: Key });
    if (refused) {
      result.Error.push({ Key, Code: 'AccessDenied', Message: refused });
      continue;
    }
    await store.delete(request.bucket, Key);
    if (!quiet) result.Deleted.push({ Key });
  }
  replyXml(request, 200, 'DeleteResult', result);
}
