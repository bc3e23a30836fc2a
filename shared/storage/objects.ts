import { setTimeout as sleep } from 'node:timers/promises';
import { Unavailable } from '../refusal.ts';
import { bucketName, type ObjectRequest, objectSigner, signable } from './client.ts';

/** Milliseconds that S3 may take to answer. Copying takes about a second for 100 MiB. */
const PATIENCE = { call: 3000, copy: 20_000 };
const ATTEMPTS = 4;

/** What S3 says of an object. */
export interface StoredObject {
  size: number;
  type: string;
  /** Without quotes. */
  etag: string;
}

/** The object, or undefined where there is none. @throws Unavailable where S3 does not answer */
export async function headObject(key: string): Promise<StoredObject | undefined> {
  const { status, headers } = await send({ method: 'HEAD', key });
  if (status !== 200) return undefined;
  return {
    size: Number(headers.get('content-length')),
    type: headers.get('content-type') ?? '',
    etag: (headers.get('etag') ?? '').replaceAll('"', ''),
  };
}

/**
 * Copies an object with its content type, if it is still the one of that etag. Doing it twice leaves what doing it
 * once does. False where the object is gone or is another one by now.
 * @throws Unavailable where S3 does not answer
 */
export async function copyObject(from: string, to: string, etag: string): Promise<boolean> {
  const { status } = await send(
    {
      method: 'PUT',
      key: to,
      headers: { 'x-amz-copy-source': `${bucketName()}/${from}`, 'x-amz-copy-source-if-match': etag },
    },
    PATIENCE.copy,
  );
  return status === 200;
}

/** Removes an object; nothing where there is none. @throws Unavailable where S3 does not answer */
export async function deleteObject(key: string): Promise<void> {
  await send({ method: 'DELETE', key });
}

/**
 * What a request comes to. That there is no such object, or another one, is an answer; who may not list the bucket is
 * told 403 instead of 404. Faults that pass are tried again.
 */
async function send(request: ObjectRequest, patience = PATIENCE.call): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    const { path, protocol, headers } = await objectSigner().sign(signable(request));
    const response = await fetch(`${protocol}//${headers.host}${path}`, {
      method: request.method,
      headers,
      signal: AbortSignal.timeout(patience),
    }).catch((error: Error) => error);
    const fault = await faultOf(response, request);
    if (fault === undefined) return response as Response;
    if (fault.broken) throw new Error(`S3 refuses ${request.method}: ${fault.text}`, { cause: fault.cause });
    if (attempt === ATTEMPTS) throw new Unavailable(`S3 does not answer: ${fault.text}`, { cause: fault.cause });
    await sleep(Math.random() * 100 * 2 ** attempt);
  }
}

/** `broken`: it would fail again. */
async function faultOf(
  response: Response | Error,
  { method }: ObjectRequest,
): Promise<{ broken: boolean; text: string; cause?: Error } | undefined> {
  if (response instanceof Error) return { broken: false, text: response.message, cause: response };
  const { status } = response;
  // The body is short; unread it would hold the connection. A copy that fails late says so in a body of status 200.
  const text = await response.text();
  const code = /<Error>.*?<Code>(\w+)<\/Code>/s.exec(text)?.[1];
  if (status === 404 && code === 'NoSuchBucket') return { broken: true, text: code };
  const unseen = status === 403 && method !== 'DELETE' && (code === undefined || code === 'AccessDenied');
  if ([404, 412].includes(status) || unseen || (response.ok && code === undefined)) return undefined;
  return { broken: !response.ok && status < 500 && status !== 429, text: `${status} ${code ?? ''}` };
}
