import type { IncomingMessage } from 'node:http';
import type { Authorizer } from '../iam/authorizer.ts';
import { preconditionFailed, S3Error } from './error.ts';
import type { ObjectName, S3Request } from './request.ts';
import type { Signer } from './signature.ts';
import type { ObjectStore, Received, StoredObject } from './store.ts';

export interface CreatedObject extends StoredObject {
  eventName: 'ObjectCreated:Put' | 'ObjectCreated:Post' | 'ObjectCreated:Copy';
  accessKeyId: string;
  sourceIp: string;
  requestId: string;
}

/** What all operations share: the objects, the permissions of access keys, and the events of new objects. */
export interface S3Service {
  store: ObjectStore;
  /** Why an access key may not do something, see `Authorizer`. Without this every key may do everything. */
  refusal?: Authorizer['refusal'] | undefined;
  onCreated?: ((object: CreatedObject) => void) | undefined;
}

/** Why the signer may not do this, undefined if it may. `action` goes without `s3:`. */
export function refusalOf(
  { refusal }: S3Service,
  { accessKeyId }: Signer,
  action: string,
  { bucket, key }: ObjectName,
): string | undefined {
  return refusal?.(accessKeyId, [{ action: `s3:${action}`, resource: `arn:aws:s3:::${bucket}${key && `/${key}`}` }]);
}

/** @throws S3Error unless the signer may do this */
export function authorize(service: S3Service, signer: Signer, action: string, name: ObjectName) {
  const refused = refusalOf(service, signer, action, name);
  if (refused) throw new S3Error(403, 'AccessDenied', refused);
}

/** The object, for a signer that may read it. @throws S3Error */
export function findObject(service: S3Service, signer: Signer, name: ObjectName): StoredObject {
  authorize(service, signer, 'GetObject', name);
  const object = service.store.get(name.bucket, name.key);
  if (object) return object;
  // A signer that may not list the bucket does not learn whether the object exists.
  authorize(service, signer, 'ListBucket', { bucket: name.bucket, key: '' });
  throw new S3Error(404, 'NoSuchKey', 'The specified key does not exist.');
}

/** Makes the received bytes the object that the request names, if its conditions hold, and reports the event. */
export async function createObject(
  { store, onCreated }: S3Service,
  { bucket, key, incoming, requestId }: S3Request,
  { accessKeyId }: Signer,
  received: Received,
  eventName: CreatedObject['eventName'],
  headers: Record<string, string>,
): Promise<StoredObject> {
  const conditions = incoming.headers;
  const object = await store.commit(received, { bucket, key, headers }, (present) => {
    if ((conditions['if-none-match'] === '*' && present) || !meetsIfMatch(conditions['if-match'], present))
      throw preconditionFailed();
  });
  onCreated?.({ ...object, eventName, accessKeyId, sourceIp: incoming.socket.remoteAddress ?? '', requestId });
  return object;
}

export function meetsIfMatch(ifMatch: string | undefined, present: StoredObject | undefined): boolean {
  return ifMatch === undefined || (present !== undefined && ['*', present.etag].includes(ifMatch.replaceAll('"', '')));
}

/** Request headers that S3 keeps with an object and returns with it. */
const KEPT =
  /^(content-type|content-disposition|content-encoding|content-language|cache-control|expires|x-amz-meta-.+|x-amz-tagging)$/;

export const isKept = (header: string): boolean => KEPT.test(header);

/** Tags of an object as `a=1&b=2`. A reader gets only their number. */
export const TAGGING = 'x-amz-tagging';

export function keptHeaders(headers: IncomingMessage['headers']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers)
      .filter(([name]) => isKept(name))
      .map(([name, value]) => [name, String(value)]),
  );
}
