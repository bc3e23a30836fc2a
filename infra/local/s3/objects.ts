/** Operations on one object. */
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { preconditionFailed, S3Error } from './error.ts';
import { checkPayload } from './payload.ts';
import { decodeUri, reply, replyXml, type S3Request, splitName, writeHead } from './request.ts';
import {
  authorize,
  createObject,
  findObject,
  isKept,
  keptHeaders,
  meetsIfMatch,
  type S3Service,
  TAGGING,
} from './service.ts';
import type { Signer } from './signature.ts';

export async function putObject(service: S3Service, request: S3Request, signer: Signer) {
  const { headers } = request.incoming;
  authorize(service, signer, 'PutObject', request);
  if (headers[TAGGING] !== undefined) authorize(service, signer, 'PutObjectTagging', request);
  if (headers['content-length'] === undefined) {
    throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
  }
  const received = await service.store.receive(request.incoming);
  try {
    checkPayload(received, request, signer);
  } catch (error) {
    await service.store.discard(received);
    throw error;
  }
  const object = await createObject(service, request, signer, received, 'ObjectCreated:Put', keptHeaders(headers));
  reply(request, 200, { etag: `"${object.etag}"` });
}

/** @param source the header `x-amz-copy-source` */
export async function copyObject(service: S3Service, request: S3Request, signer: Signer, source: string) {
  const { headers } = request.incoming;
  const from = splitName(decodeUri(source.replace(/^\//, '')));
  const replaces = headers['x-amz-metadata-directive'] === 'REPLACE';
  if (from.bucket === request.bucket && from.key === request.key && !replaces) {
    throw new S3Error(400, 'InvalidRequest', 'An object cannot be copied to itself without changing its metadata.');
  }
  authorize(service, signer, 'PutObject', request);
  const original = findObject(service, signer, from);
  const etag = headers['x-amz-copy-source-if-match'];
  if (!meetsIfMatch(Array.isArray(etag) ? etag[0] : etag, original)) throw preconditionFailed();
  const tagging = headers['x-amz-tagging-directive'] ?? 'COPY';
  if (tagging !== 'COPY' && tagging !== 'REPLACE') {
    throw new S3Error(400, 'InvalidArgument', 'Unknown tagging directive.');
  }
  const tags = (tagging === 'COPY' ? original.headers : keptHeaders(headers))[TAGGING];
  if (tags !== undefined) {
    if (tagging === 'COPY') authorize(service, signer, 'GetObjectTagging', from);
    authorize(service, signer, 'PutObjectTagging', request);
  }
  const received = await service.store.receive(createReadStream(original.file));
  const { [TAGGING]: _, ...kept } = replaces ? keptHeaders(headers) : original.headers;
  const object = await createObject(service, request, signer, received, 'ObjectCreated:Copy', {
    ...kept,
    ...(tags !== undefined && { [TAGGING]: tags }),
  });
  const LastModified = new Date(object.lastModified).toISOString();
  replyXml(request, 200, 'CopyObjectResult', { LastModified, ETag: `"${object.etag}"` });
}

/** GetObject, and HeadObject by the method of the request. */
export async function getObject(service: S3Service, request: S3Request, signer: Signer) {
  const { incoming, response, query, method } = request;
  const object = findObject(service, signer, request);
  const { [TAGGING]: tags, ...kept } = object.headers;
  const headers: Record<string, string | number> = {
    'content-type': 'binary/octet-stream',
    ...kept,
    ...(tags && { 'x-amz-tagging-count': new URLSearchParams(tags).size }),
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.lastModified).toUTCString(),
    'accept-ranges': 'bytes',
    'content-length': object.size,
  };
  if (!meetsIfMatch(incoming.headers['if-match'], object)) throw preconditionFailed();
  if (incoming.headers['if-none-match'] === headers.etag) return reply(request, 304, {});
  for (const [name, value] of query) {
    const header = name.replace(/^response-/, '');
    if (header !== name && isKept(header)) headers[header] = value;
  }
  const range = parseRange(incoming.headers.range, object.size);
  if (range) {
    headers['content-range'] = `bytes ${range.start}-${range.end}/${object.size}`;
    headers['content-length'] = range.end - range.start + 1;
  }
  writeHead(request, range ? 206 : 200, headers);
  if (method === 'HEAD' || object.size === 0) return void response.end();
  await pipeline(createReadStream(object.file, range), response);
}

/** The range of bytes, both ends included; undefined for the whole object. */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (!match[1] && !match[2])) return undefined;
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const end = match[1] && match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  if (start > end) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable');
  return { start, end };
}

export async function deleteObject(service: S3Service, request: S3Request, signer: Signer) {
  authorize(service, signer, 'DeleteObject', request);
  await service.store.delete(request.bucket, request.key);
  reply(request, 204, {});
}
