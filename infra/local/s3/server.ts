/**
 * A small, strict S3 server: the operations that clients of an application use, with the refusals of S3. It takes
 * path-style (`/bucket/key`) and virtual-hosted (`bucket.localhost/key`) addresses.
 */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { BucketDefinition } from '../deployment.ts';
import { closeServer, listen } from '../listen.ts';
import { deleteObjects, headBucket, listObjects } from './bucket.ts';
import { corsHeaders, preflight } from './cors.ts';
import { notImplemented, S3Error } from './error.ts';
import { isForm, postObject } from './form.ts';
import { copyObject, deleteObject, getObject, putObject } from './objects.ts';
import { readRequest, replyError, type S3Request } from './request.ts';
import type { S3Service } from './service.ts';
import { type FindCredentials, type Signer, verifyRequest } from './signature.ts';
import { openObjectStore } from './store.ts';

export interface S3ServerOptions extends Omit<S3Service, 'store'> {
  /** Folder of the objects. */
  folder: string;
  buckets: Pick<BucketDefinition, 'name' | 'corsRules'>[];
  credentials: FindCredentials;
}

export interface S3Server {
  endpoint: string;
  close(): Promise<void>;
}

/** Starts the server on a free port of this machine. */
export async function startS3Server(options: S3ServerOptions): Promise<S3Server> {
  const service: S3Service = {
    store: openObjectStore(options.folder),
    refusal: options.refusal,
    onCreated: options.onCreated,
  };
  const server = createServer((incoming, response) => {
    handle(service, options, incoming, response).catch((error) => {
      // A client that disconnects during a transfer is no error of the server.
      if (!incoming.errored && !response.destroyed) console.error(error);
      if (response.headersSent) response.destroy();
      else response.writeHead(500).end();
    });
  });
  return { endpoint: await listen(server), close: () => closeServer(server) };
}

async function handle(
  service: S3Service,
  { buckets, credentials }: S3ServerOptions,
  incoming: IncomingMessage,
  response: ServerResponse,
) {
  const names = buckets.map(({ name }) => name);
  const request = readRequest(incoming, response, names);
  try {
    const rules = buckets.find(({ name }) => name === request.bucket)?.corsRules ?? [];
    if (request.method === 'OPTIONS') return preflight(request, rules);
    for (const [name, value] of Object.entries(corsHeaders(request, rules))) response.setHeader(name, value);
    const { method, path, query } = request;
    const signer = isForm(request)
      ? undefined
      : verifyRequest({ method, path, query, headers: incoming.headers }, credentials);
    if (!names.includes(request.bucket)) {
      throw new S3Error(404, 'NoSuchBucket', 'The specified bucket does not exist');
    }
    await (signer ? perform(service, request, signer) : postObject(service, request, credentials));
  } catch (error) {
    if (!(error instanceof S3Error) || response.headersSent) throw error;
    // Without reading the rest of the body, the client would not receive the response.
    incoming.resume();
    replyError(request, error);
  }
}

/** Query parameters of operations that this server does not have. */
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

/** Finds the operation by method, key, query and headers. */
function perform(service: S3Service, request: S3Request, signer: Signer): void | Promise<void> {
  const { incoming, method, key, query } = request;
  if (UNKNOWN_OPERATIONS.some((name) => query.has(name))) throw notImplemented();
  if (key === '') {
    if (method === 'GET' && query.get('list-type') === '2') return listObjects(service, request, signer);
    if (method === 'POST' && query.has('delete')) return deleteObjects(service, request, signer);
    if (method === 'HEAD') return headBucket(service, request, signer);
  } else {
    const copySource = incoming.headers['x-amz-copy-source'];
    if (method === 'PUT' && typeof copySource === 'string') return copyObject(service, request, signer, copySource);
    if (method === 'PUT') return putObject(service, request, signer);
    if (method === 'GET' || method === 'HEAD') return getObject(service, request, signer);
    if (method === 'DELETE') return deleteObject(service, request, signer);
  }
  throw notImplemented();
}
