import { attempt, Patience } from '../deadline.ts';
import { bucketName, type ObjectRequest, objectSigner, signable } from './client.ts';

/** Milliseconds that S3 may take to answer. Copying takes about a second for 100 MiB. */
const ANSWER = { call: 2000, copy: 20_000 };
/** A request that S3 does not answer, or answers with a fault that passes, is sent again for so long (ms). */
const FAULTS = 3000;

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
    ANSWER.copy,
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
async function send(request: ObjectRequest, most = ANSWER.call): Promise<Response> {
  const patience = new Patience(FAULTS);
  for (;;) {
    const { path, protocol, headers } = await objectSigner().sign(signable(request));
    const url = `${protocol}//${headers.host}${path}`;
    const { response, fault } = await attempt(most, async (signal) => {
      const response = await fetch(url, { method: request.method, headers, signal }).catch((error: Error) => error);
      return { response, fault: await faultOf(response, request) };
    });
    if (fault === undefined) return response as Response;
    if (fault.broken) throw new Error(`S3 refuses ${request.method}: ${fault.text}`, { cause: fault.cause });
    await patience.again(fault.cause ?? fault.text);
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
