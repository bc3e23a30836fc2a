import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { S3Error } from './error.ts';
import { toXml, type XmlContent } from './xml.ts';

export interface ObjectName {
  bucket: string;
  /** Empty for the bucket itself. */
  key: string;
}

/** One request, and the response that answers it. */
export interface S3Request extends ObjectName {
  incoming: IncomingMessage;
  response: ServerResponse;
  method: string;
  /** Decoded. */
  path: string;
  query: URLSearchParams;
  requestId: string;
}

/** Reads method, path and query. Takes the bucket from a virtual host (`bucket.localhost`), else from the path. */
export function readRequest(incoming: IncomingMessage, response: ServerResponse, buckets: string[]): S3Request {
  const [rawPath = '/', ...rawQuery] = (incoming.url ?? '/').split('?');
  const path = decodeUri(rawPath);
  const query = new URLSearchParams(rawQuery.join('?'));
  const requestId = randomBytes(8).toString('hex').toUpperCase();
  const host = incoming.headers.host ?? '';
  const virtual = buckets.find((name) => host.startsWith(`${name}.`));
  const name = virtual ? { bucket: virtual, key: path.slice(1) } : splitName(path.slice(1));
  return { incoming, response, method: incoming.method ?? '', path, query, requestId, ...name };
}

/** `bucket/key` */
export function splitName(path: string): ObjectName {
  const [bucket = '', ...key] = path.split('/');
  return { bucket, key: key.join('/') };
}

/** The decoded text, or the text as it is where it is not well-formed. */
export function decodeUri(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

type Headers = Record<string, string | number>;

export function writeHead({ response, requestId }: S3Request, status: number, headers: Headers) {
  response.writeHead(status, { ...headers, 'x-amz-request-id': requestId, server: 'AmazonS3' });
}

export function reply(request: S3Request, status: number, headers: Headers, body = '') {
  writeHead(request, status, { 'content-length': Buffer.byteLength(body), ...headers });
  request.response.end(request.method === 'HEAD' ? undefined : body);
}

export function replyXml(request: S3Request, status: number, root: string, content: XmlContent) {
  reply(request, status, { 'content-type': 'application/xml' }, toXml(root, content));
}

export function replyError(request: S3Request, { status, code, message }: S3Error) {
  const Resource = `/${request.bucket}/${request.key}`;
  replyXml(request, status, 'Error', { Code: code, Message: message, Resource, RequestId: request.requestId });
}
