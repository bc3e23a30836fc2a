import { signedHeaders } from '../aws-signing.ts';
import { attempt, Patience } from '../deadline.ts';
import { bucketName, bucketUrl, type ObjectRequest, unsigned } from './client.ts';

/** Milliseconds that S3 may take to answer. It copies 100 MiB in about a second; other calls move 20 MiB at most. */
const ANSWER = { call: 3000, copy: 20_000 };
/** How long a request is retried that S3 does not answer, or answers with a transient fault (ms). */
const FAULTS = 3000;
/** A copy that is refused although its source is there is retried: the source may have been uploaded after the refusal. */
const REFUSED_COPIES = 3;

/** The metadata of an object. */
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

/** An object with its content in memory. */
export interface WholeObject {
  type: string;
  content: Buffer<ArrayBuffer>;
}

/** The object, or undefined where there is none. @throws Unavailable where S3 does not answer */
export async function getObject(key: string): Promise<WholeObject | undefined> {
  const { status, headers, body } = await send({ method: 'GET', key });
  return status === 200 ? { type: headers.get('content-type') ?? '', content: body } : undefined;
}

/**
 * Writes an object unless its key is taken. Of concurrent writers S3 lets one win.
 * @returns false where the key is taken, perhaps by this very call, whose first answer may have been lost
 * @throws Unavailable where S3 does not answer
 */
export async function putNewObject(key: string, { type, content }: WholeObject): Promise<boolean> {
  const headers = { 'content-type': type, 'if-none-match': '*' };
  const { status } = await send({ method: 'PUT', key, headers, content });
  return status === 200;
}

/** Writes an object without a type, and replaces what has its key. @throws Unavailable where S3 does not answer */
export async function putObject(key: string, content: Buffer<ArrayBuffer>): Promise<void> {
  await send({ method: 'PUT', key, content });
}

/**
 * Copies an object with its content type, if it still has that etag. A repeated copy changes nothing. Tags are not
 * copied: that would need further permissions.
 * @returns false where the object is gone or has another etag by now
 * @throws Unavailable where S3 does not answer
 * @throws Error where S3 refuses to copy an object that is there: a permission is missing
 */
export async function copyObject(from: string, to: string, etag: string): Promise<boolean> {
  for (let attempt = 1; attempt <= REFUSED_COPIES; attempt++) {
    const { status } = await send(
      {
        method: 'PUT',
        key: to,
        headers: {
          'x-amz-copy-source': `${bucketName()}/${from}`,
          'x-amz-copy-source-if-match': etag,
          'x-amz-tagging-directive': 'REPLACE',
        },
      },
      ANSWER.copy,
    );
    if (status !== 403) return status === 200;
    // 403 also stands for a missing object, since functions may not list the bucket.
    if (!(await headObject(from))) return false;
  }
  throw new Error(`S3 refuses to copy an object that is there: ${from}`);
}

/** Removes an object, if it is there. @throws Unavailable where S3 does not answer */
export async function deleteObject(key: string): Promise<void> {
  await send({ method: 'DELETE', key });
}

/** An answer with its body. */
interface Answer {
  status: number;
  headers: Headers;
  body: Buffer<ArrayBuffer>;
}

/**
 * Sends a request until S3 answers it, and retries transient faults. A missing object, or one that differs, is an
 * answer. It has status 403 instead of 404, since functions may not list the bucket.
 */
async function send(request: ObjectRequest, most = ANSWER.call): Promise<Answer> {
  const patience = new Patience(FAULTS, 'S3 does not answer now');
  for (;;) {
    const { host, path, ...rest } = unsigned(request);
    // The signature does not cover the content of an upload.
    const headers = { ...rest.headers, 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' };
    const signed = signedHeaders('s3', { ...rest, host, path, headers });
    const answer = await attempt(most, (signal) =>
      fetch(`${bucketUrl().protocol}//${host}${path}`, {
        method: request.method,
        headers: signed,
        ...(request.content && { body: request.content }),
        signal,
      })
        .then(received)
        .catch((error: Error) => error),
    );
    const fault = faultOf(answer, request);
    if (fault === undefined) return answer as Answer;
    if (fault.broken) throw new Error(`S3 refuses ${request.method}: ${fault.text}`, { cause: fault.cause });
    await patience.again(fault.cause ?? fault.text);
  }
}

/** Reads the body, since an unread body holds its connection. Throws where the body breaks off. */
async function received(response: Response): Promise<Answer> {
  const { status, headers } = response;
  return { status, headers, body: Buffer.from(await response.arrayBuffer()) };
}

/** The fault of an answer, if it is one. `broken`: a retry would fail too. */
function faultOf(
  answer: Answer | Error,
  { method, headers = {} }: ObjectRequest,
): { broken: boolean; text: string; cause?: Error } | undefined {
  if (answer instanceof Error) return { broken: false, text: answer.message, cause: answer };
  const { status, body } = answer;
  const copies = 'x-amz-copy-source' in headers;
  const ok = status >= 200 && status < 300;
  if (ok && !copies) return undefined;
  const text = body.toString();
  const code = /<Error>.*?<Code>(\w+)<\/Code>/s.exec(text)?.[1];
  // S3 sends status 200 before it copies, and the result or an error in the body.
  if (ok && text.includes('</CopyObjectResult>')) return undefined;
  const said = `${status} ${code ?? ''}`;
  if (code === 'NoSuchBucket') return { broken: true, text: said };
  const reads = copies || method === 'GET' || method === 'HEAD';
  const unseen = status === 403 && reads && (code === undefined || code === 'AccessDenied');
  if ([404, 412].includes(status) || unseen) return undefined;
  const passes = ok || status >= 500 || [409, 429].includes(status) || code === 'RequestTimeout';
  return { broken: !passes, text: said };
}
