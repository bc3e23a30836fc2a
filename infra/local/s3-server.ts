/**
 * A small, strict S3: what the product and its clients use of it, refused where S3 refuses it. Path-style
 * (`/bucket/key`) and virtual-hosted (`bucket.localhost/key`) addresses.
 */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import type { BucketDefinition } from './deployment.ts';
import type { Authorizer } from './iam/authorizer.ts';
import { checkPolicy } from './s3-post-policy.ts';
import { type FindCredentials, S3Error, type Signer, verifyPolicySignature, verifyRequest } from './s3-signature.ts';
import { openObjectStore, type Received, type StoredObject } from './s3-store.ts';
import type { Json } from './template.ts';

/** Bytes of a form upload: it is taken apart in memory. */
const FORM_LIMIT = 256 * 1024 * 1024;
/** Request headers that are kept with an object and come back with it. */
const KEPT =
  /^(content-type|content-disposition|content-encoding|content-language|cache-control|expires|x-amz-meta-.+|x-amz-tagging)$/;
/** Tags of an object as `a=1&b=2`; whoever reads it is told their number only. */
const TAGGING = 'x-amz-tagging';
/** Parameters of operations that this server does not have. */
const UNKNOWN_OPERATIONS = [
  'acl',
  'attributes',
  'cors',
  'policy',
  'tagging',
  'uploads',
  'uploadId',
  'versions',
  'versionId',
];

export interface CreatedObject extends StoredObject {
  eventName: 'ObjectCreated:Put' | 'ObjectCreated:Post' | 'ObjectCreated:Copy';
  accessKeyId: string;
  sourceIp: string;
  requestId: string;
}

export interface S3ServerOptions {
  /** Folder of the objects. */
  folder: string;
  buckets: Pick<BucketDefinition, 'name' | 'corsRules'>[];
  credentials: FindCredentials;
  /** Why a key may not do something: see `Authorizer`. Without this everybody may do everything. */
  refusal?: Authorizer['refusal'] | undefined;
  onCreated?(object: CreatedObject): void;
}

export interface S3Server {
  endpoint: string;
  close(): Promise<void>;
}

interface Request {
  incoming: IncomingMessage;
  response: ServerResponse;
  method: string;
  bucket: string;
  key: string;
  query: URLSearchParams;
  requestId: string;
}

/** Starts the server on a free port of this machine. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const handle = requestHandler(options);
  const server = createServer((incoming, response) => {
    handle(incoming, response).catch((error) => {
      // A client that leaves in the middle of a transfer is nothing to speak of.
      if (!incoming.errored && !response.destroyed) console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  return {
    endpoint: `http://127.0.0.1:${typeof address === 'object' ? address?.port : address}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

function requestHandler({ folder, buckets, credentials, refusal, onCreated }: S3ServerOptions) {
  const store = openObjectStore(folder);

  type Name = Pick<Request, 'bucket' | 'key'>;
  const refusalOf = ({ accessKeyId }: Signer, action: string, { bucket, key }: Name) =>
    refusal?.(accessKeyId, [{ action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}${key && `/${key}`}` }]);
  const authorize = (signer: Signer, action: string, name: Name) => {
    const refused = refusalOf(signer, action, name);
    if (refused) throw new S3Error(403, 'AccessDenied', refused);
  };

  /** Bucket and key from host and path. */
  const locate = (incoming: IncomingMessage, path: string) => {
    const host = incoming.headers.host ?? '';
    const virtual = buckets.find(({ name }) => host.startsWith(`${name}.`));
    if (virtual) return { bucket: virtual.name, key: path.slice(1) };
    const [bucket = '', ...key] = path.slice(1).split('/');
    return { bucket, key: key.join('/') };
  };

  const find = (name: Name, signer: Signer): StoredObject => {
    authorize(signer, 'GetObject', name);
    const object = store.get(name.bucket, name.key);
    if (object) return object;
    // Who may not list is not told what is there and what is not.
    authorize(signer, 'ListBucket', { bucket: name.bucket, key: '' });
    throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  };

  const create = async (
    request: Request,
    { accessKeyId }: Signer,
    received: Received,
    eventName: CreatedObject['eventName'],
    headers: Record<string, string>,
  ) => {
    const { bucket, key, incoming, requestId } = request;
    const conditions = incoming.headers;
    const object = await store.commit(received, { bucket, key, headers }, (present) => {
      if ((conditions['if-none-match'] === '*' && present) || !meetsIfMatch(conditions['if-match'], present)) {
        throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
      }
    });
    const sourceIp = incoming.socket.remoteAddress ?? '';
    onCreated?.({ ...object, eventName, accessKeyId, sourceIp, requestId });
    return object;
  };

  const putObject = async (request: Request, signer: Signer) => {
    const { headers } = request.incoming;
    authorize(signer, 'PutObject', request);
    if (headers[TAGGING] !== undefined) authorize(signer, 'PutObjectTagging', request);
    if (headers['content-length'] === undefined) {
      throw new S3Error(411, 'MissingContentLength', 'You must provide the Content-Length HTTP header.');
    }
    const received = await store.receive(request.incoming);
    try {
      checkPayload(received, request, signer);
      const object = await create(request, signer, received, 'ObjectCreated:Put', keptHeaders(headers));
      reply(request, 200, { etag: `"${object.etag}"` });
    } catch (error) {
      await store.discard(received);
      throw error;
    }
  };

  const copyObject = async (request: Request, signer: Signer, source: string) => {
    const given = request.incoming.headers;
    const [bucket = '', ...path] = decode(source.replace(/^\//, '')).split('/');
    const key = path.join('/');
    const replace = given['x-amz-metadata-directive'] === 'REPLACE';
    if (bucket === request.bucket && key === request.key && !replace) {
      throw new S3Error(400, 'InvalidRequest', 'An object cannot be copied to itself without changing its metadata.');
    }
    authorize(signer, 'PutObject', request);
    const original = find({ bucket, key }, signer);
    const etag = given['x-amz-copy-source-if-match'];
    if (!meetsIfMatch(Array.isArray(etag) ? etag[0] : etag, original)) {
      throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
    const tagging = given['x-amz-tagging-directive'] ?? 'COPY';
    if (tagging !== 'COPY' && tagging !== 'REPLACE') {
      throw new S3Error(400, 'InvalidArgument', 'Unknown tagging directive.');
    }
    const tags = (tagging === 'COPY' ? original.headers : keptHeaders(given))[TAGGING];
    if (tags !== undefined) {
      if (tagging === 'COPY') authorize(signer, 'GetObjectTagging', { bucket, key });
      authorize(signer, 'PutObjectTagging', request);
    }
    const received = await store.receive(createReadStream(original.file));
    const { [TAGGING]: _, ...kept } = replace ? keptHeaders(given) : original.headers;
    const headers = { ...kept, ...(tags !== undefined && { [TAGGING]: tags }) };
    const object = await create(request, signer, received, 'ObjectCreated:Copy', headers);
    const lastModified = new Date(object.lastModified).toISOString();
    replyXml(
      request,
      200,
      'CopyObjectResult',
      `<LastModified>${lastModified}</LastModified><ETag>"${object.etag}"</ETag>`,
    );
  };

  const getObject = async (request: Request, signer: Signer) => {
    const { incoming, response, query, method } = request;
    const object = find(request, signer);
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
    if (!meetsIfMatch(incoming.headers['if-match'], object)) {
      throw new S3Error(412, 'PreconditionFailed', 'At least one of the pre-conditions you specified did not hold');
    }
    if (incoming.headers['if-none-match'] === headers.etag) return reply(request, 304, {});
    for (const [name, value] of query) {
      if (name.startsWith('response-') && KEPT.test(name.slice(9))) headers[name.slice(9)] = value;
    }
    const range = parseRange(incoming.headers.range, object.size);
    if (range) {
      headers['content-range'] = `bytes ${range.start}-${range.end}/${object.size}`;
      headers['content-length'] = range.end - range.start + 1;
    }
    writeHead(request, range ? 206 : 200, headers);
    if (method === 'HEAD' || object.size === 0) return void response.end();
    await pipeline(createReadStream(object.file, range), response);
  };

  const postObject = async (request: Request) => {
    const { incoming, bucket } = request;
    if (Number(incoming.headers['content-length']) > FORM_LIMIT) {
      throw new S3Error(400, 'EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size');
    }
    const { fields, file } = await readForm(incoming);
    const field = (name: string) => fields.get(name);
    const signer = verifyPolicySignature(field, credentials);
    // biome-ignore lint/suspicious/noTemplateCurlyInString: S3 puts the file's name where the form says so.
    request.key = (field('key') ?? '').replaceAll('${filename}', file.name);
    fields.set('key', request.key);
    fields.set('bucket', bucket);
    checkPolicy(field('policy')!, fields, file.size);
    if (request.key === '') throw new S3Error(400, 'InvalidArgument', 'Bucket POST must contain a field named key.');
    authorize(signer, 'PutObject', request);
    const received = await store.receive(file.stream());
    const headers = keptHeaders(Object.fromEntries(fields));
    const object = await create(request, signer, received, 'ObjectCreated:Post', headers);
    const status = field('success_action_status');
    const location = `http://${incoming.headers.host}/${bucket}/${encodeURI(request.key)}`;
    if (status !== '201') return reply(request, status === '200' ? 200 : 204, { etag: `"${object.etag}"`, location });
    const parts = { Location: location, Bucket: bucket, Key: request.key, ETag: `"${object.etag}"` };
    const body = Object.entries(parts).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
    replyXml(request, 201, 'PostResponse', body.join(''));
  };

  const deleteObjects = async (request: Request, signer: Signer) => {
    const body = await buffer(request.incoming);
    const received = await store.receive([body] as unknown as AsyncIterable<Uint8Array>);
    await store.discard(received);
    checkPayload(received, request, signer);
    const keys = [...body.toString().matchAll(/<Key>([^<]*)<\/Key>/g)].map(([, key = '']) => unescapeXml(key));
    if (keys.length === 0 || keys.length > 1000)
      throw new S3Error(400, 'MalformedXML', 'Between 1 and 1000 keys are due.');
    const quiet = body.includes('<Quiet>true</Quiet>');
    const results: string[] = [];
    for (const key of keys) {
      const named = `<Key>${escapeXml(key)}</Key>`;
      const refused = refusalOf(signer, 'DeleteObject', { bucket: request.bucket, key });
      if (refused) {
        results.push(`<Error>${named}<Code>AccessDenied</Code><Message>${escapeXml(refused)}</Message></Error>`);
        continue;
      }
      await store.delete(request.bucket, key);
      if (!quiet) results.push(`<Deleted>${named}</Deleted>`);
    }
    replyXml(request, 200, 'DeleteResult', results.join(''));
  };

  const listObjects = (request: Request, signer: Signer) => {
    const { bucket, query } = request;
    authorize(signer, 'ListBucket', request);
    const [prefix, delimiter] = [query.get('prefix') ?? '', query.get('delimiter') ?? ''];
    const limit = Math.min(Number(query.get('max-keys') ?? 1000), 1000);
    const token = query.get('continuation-token');
    const after = token ? Buffer.from(token, 'base64url').toString() : (query.get('start-after') ?? '');
    // What lies behind the delimiter is shown as one common prefix, in the place of its first key.
    const entries = new Map<string, StoredObject | undefined>();
    for (const object of store.list(bucket, prefix)) {
      const cut = delimiter ? object.key.indexOf(delimiter, prefix.length) : -1;
      if (cut < 0) entries.set(object.key, object);
      else entries.set(object.key.slice(0, cut + delimiter.length), undefined);
    }
    const left = [...entries].filter(([name]) => Buffer.compare(Buffer.from(name), Buffer.from(after)) > 0);
    const page = left.slice(0, limit);
    const truncated = left.length > page.length && page.length > 0;
    const next = Buffer.from(page.at(-1)?.[0] ?? '').toString('base64url');
    const body = [
      `<Name>${bucket}</Name><Prefix>${escapeXml(prefix)}</Prefix><MaxKeys>${limit}</MaxKeys>`,
      `<KeyCount>${page.length}</KeyCount><IsTruncated>${truncated}</IsTruncated>`,
      truncated ? `<NextContinuationToken>${next}</NextContinuationToken>` : '',
      ...page.map(([name, object]) =>
        object
          ? `<Contents><Key>${escapeXml(name)}</Key><LastModified>${new Date(object.lastModified).toISOString()}` +
            `</LastModified><ETag>"${object.etag}"</ETag><Size>${object.size}</Size>` +
            '<StorageClass>STANDARD</StorageClass></Contents>'
          : `<CommonPrefixes><Prefix>${escapeXml(name)}</Prefix></CommonPrefixes>`,
      ),
    ];
    replyXml(request, 200, 'ListBucketResult', body.join(''));
  };

  const operate = async (request: Request, path: string) => {
    const { incoming, method, bucket, key, query } = request;
    const isForm = method === 'POST' && /^multipart\/form-data/i.test(incoming.headers['content-type'] ?? '');
    const signer = isForm ? undefined : verifyRequest({ method, path, query, headers: incoming.headers }, credentials);
    if (!buckets.some(({ name }) => name === bucket)) {
      throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
    }
    if (!signer) return postObject(request);
    const copySource = incoming.headers['x-amz-copy-source'];
    if (UNKNOWN_OPERATIONS.some((name) => query.has(name))) {
      throw new S3Error(501, 'NotImplemented', 'The laptop stack has no such operation.');
    }
    if (key === '') {
      if (method === 'GET' && query.get('list-type') === '2') return listObjects(request, signer);
      if (method === 'POST' && query.has('delete')) return deleteObjects(request, signer);
      if (method === 'HEAD') {
        authorize(signer, 'ListBucket', request);
        return reply(request, 200, {});
      }
    } else {
      if (method === 'PUT' && typeof copySource === 'string') return copyObject(request, signer, copySource);
      if (method === 'PUT') return putObject(request, signer);
      if (method === 'GET' || method === 'HEAD') return getObject(request, signer);
      if (method === 'DELETE') {
        authorize(signer, 'DeleteObject', request);
        await store.delete(bucket, key);
        return reply(request, 204, {});
      }
    }
    throw new S3Error(501, 'NotImplemented', 'The laptop stack has no such operation.');
  };

  return async (incoming: IncomingMessage, response: ServerResponse) => {
    const [rawPath = '/', ...rawQuery] = (incoming.url ?? '/').split('?');
    const path = decode(rawPath);
    const query = new URLSearchParams(rawQuery.join('?'));
    const requestId = randomBytes(8).toString('hex').toUpperCase();
    const method = incoming.method ?? '';
    const request: Request = { incoming, response, method, query, requestId, ...locate(incoming, path) };
    try {
      const rules = buckets.find(({ name }) => name === request.bucket)?.corsRules ?? [];
      if (method === 'OPTIONS') return preflight(request, rules);
      for (const [name, value] of Object.entries(corsHeaders(incoming, rules, method))) response.setHeader(name, value);
      await operate(request, path);
    } catch (error) {
      if (!(error instanceof S3Error) || response.headersSent) throw error;
      // The rest of the body is read, so that the client gets to see the answer.
      incoming.resume();
      replyError(request, error);
    }
  };
}

function keptHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => KEPT.test(name))
      .map(([name, value]) => [name, String(value)]),
  );
}

/** Compares the body with what its sender says of it, in header or signed query. */
function checkPayload(received: Received, { incoming, query }: Request, { payloadHash }: Signer) {
  if (payloadHash.startsWith('STREAMING-')) {
    throw new S3Error(
      501,
      'NotImplemented',
      'The laptop stack takes no aws-chunked bodies: send the length and the bytes.',
    );
  }
  if (payloadHash !== 'UNSIGNED-PAYLOAD' && payloadHash !== received.sha256) {
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const claimed = (name: string) => incoming.headers[name] ?? query.get(name) ?? undefined;
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(received.crc32);
  const sums = {
    'content-md5': received.md5.toString('base64'),
    'x-amz-checksum-crc32': crc.toString('base64'),
    'x-amz-checksum-sha256': Buffer.from(received.sha256, 'hex').toString('base64'),
  };
  for (const [name, sum] of Object.entries(sums)) {
    if (claimed(name) !== undefined && claimed(name) !== sum) {
      throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match what we received.`);
    }
  }
}

function meetsIfMatch(ifMatch: string | undefined, present: StoredObject | undefined): boolean {
  return ifMatch === undefined || (present !== undefined && ['*', present.etag].includes(ifMatch.replaceAll('"', '')));
}

/** One range of bytes, both ends included; undefined where the whole object is asked for. */
function parseRange(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (!match || (!match[1] && !match[2])) return undefined;
  const start = match[1] ? Number(match[1]) : Math.max(0, size - Number(match[2]));
  const end = match[1] && match[2] ? Math.min(Number(match[2]), size - 1) : size - 1;
  if (start > end) throw new S3Error(416, 'InvalidRange', 'The requested range is not satisfiable');
  return { start, end };
}

/** The fields before the file, names in lower case, and the file; what comes after it is ignored, as by S3. */
async function readForm(incoming: IncomingMessage) {
  const body = await buffer(incoming);
  const headers = { 'content-type': incoming.headers['content-type'] ?? '' };
  const form = await new Response(new Uint8Array(body), { headers }).formData().catch(() => {
    throw new S3Error(
      400,
      'MalformedPOSTRequest',
      'The body of your POST request is not well-formed multipart/form-data.',
    );
  });
  const fields = new Map<string, string>();
  for (const [name, value] of form) {
    if (typeof value === 'string' && name.toLowerCase() !== 'file') fields.set(name.toLowerCase(), value);
    else if (name.toLowerCase() === 'file')
      return { fields, file: typeof value === 'string' ? new File([value], '') : value };
  }
  throw new S3Error(400, 'InvalidArgument', 'POST requires exactly one file upload per request.');
}

function matchingRule(incoming: IncomingMessage, rules: Json[], method: string): Json {
  const origin = incoming.headers.origin;
  const asked = (incoming.headers['access-control-request-headers'] ?? '')
    .toLowerCase()
    .split(/\s*,\s*/)
    .filter(Boolean);
  const fits = (patterns: string[], value: string) =>
    patterns.some((pattern) => {
      const [before = '', after] = pattern.toLowerCase().split('*');
      return after === undefined ? value === before : value.startsWith(before) && value.endsWith(after);
    });
  return rules.find(
    (rule) =>
      origin !== undefined &&
      fits(rule.AllowedOrigins, origin.toLowerCase()) &&
      rule.AllowedMethods.includes(method) &&
      asked.every((name) => fits(rule.AllowedHeaders ?? [], name)),
  );
}

function corsHeaders(incoming: IncomingMessage, rules: Json[], method: string): Record<string, string> {
  const rule = matchingRule(incoming, rules, method);
  if (!rule) return {};
  return {
    'access-control-allow-origin': rule.AllowedOrigins.includes('*') ? '*' : incoming.headers.origin!,
    'access-control-allow-methods': rule.AllowedMethods.join(', '),
    ...(rule.ExposedHeaders && { 'access-control-expose-headers': rule.ExposedHeaders.join(', ') }),
    vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
  };
}

function preflight(request: Request, rules: Json[]) {
  const { incoming } = request;
  const method = incoming.headers['access-control-request-method'] ?? '';
  const headers = corsHeaders(incoming, rules, method);
  if (Object.keys(headers).length === 0) {
    throw new S3Error(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed.');
  }
  const { MaxAge: maxAge } = matchingRule(incoming, rules, method);
  const asked = incoming.headers['access-control-request-headers'];
  reply(request, 200, {
    ...headers,
    ...(asked && { 'access-control-allow-headers': asked.toLowerCase() }),
    ...(maxAge !== undefined && { 'access-control-max-age': maxAge }),
  });
}

function writeHead({ response, requestId }: Request, status: number, headers: Record<string, string | number>) {
  response.writeHead(status, { ...headers, 'x-amz-request-id': requestId, server: 'AmazonS3' });
}

function reply(request: Request, status: number, headers: Record<string, string | number>, body = '') {
  writeHead(request, status, { 'content-length': Buffer.byteLength(body), ...headers });
  request.response.end(request.method === 'HEAD' ? undefined : body);
}

function replyXml(request: Request, status: number, root: string, content: string) {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<${root}>${content}</${root}>`;
  reply(request, status, { 'content-type': 'application/xml' }, body);
}

function replyError(request: Request, { status, code, message }: S3Error) {
  const parts = {
    Code: code,
    Message: message,
    Resource: `/${request.bucket}/${request.key}`,
    RequestId: request.requestId,
  };
  const content = Object.entries(parts).map(([name, value]) => `<${name}>${escapeXml(value)}</${name}>`);
  replyXml(request, status, 'Error', content.join(''));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function escapeXml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}

function unescapeXml(text: string): string {
  const named: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };
  return text.replace(/&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi, (whole, hex, decimal, name) =>
    name ? (named[name] ?? whole) : String.fromCodePoint(hex ? Number.parseInt(hex, 16) : Number(decimal)),
  );
}
