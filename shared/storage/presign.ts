import { escaped, signedQuery } from '../aws-signing.ts';
import { attachment, fitting } from './attachment.ts';
import { bucketUrl, type ObjectRequest, unsigned } from './client.ts';

/**
 * Characters that a file's name and type may take in an address. The rest takes at most 620, and a session token of
 * Lambda up to 1,500, of which `+`, `/` and `=` count three times. So no address reaches 4 KB with a token, nor 2.5 KB
 * without one.
 */
const ROOM = 1750;

/**
 * An address that sends this request, without further rights, for so many seconds. It signs every header: the request
 * must carry each with its value.
 */
export function presign(given: ObjectRequest, seconds: number): string {
  const request = unsigned(given);
  return `${bucketUrl().protocol}//${request.host}${request.path}?${signedQuery('s3', request, seconds)}`;
}

/** An address that takes an upload of exactly this size and type. */
export const presignPut = (key: string, { size, type }: { size: number; type: string }, seconds: number) =>
  presign({ method: 'PUT', key, headers: { 'content-type': type, 'content-length': String(size) } }, seconds);

/**
 * An address that downloads an object under a name, with this type or else the stored one. It is always an attachment,
 * since a browser must not show a shared page with scripts in place. A name that is too long for the address is cut.
 */
export function presignGet(key: string, { name, type = '' }: { name: string; type?: string }, seconds: number) {
  const disposition = attachment(fitting(name, ROOM - escaped(type).length));
  const query = { 'response-content-disposition': disposition, ...(type && { 'response-content-type': type }) };
  return presign({ method: 'GET', key, query }, seconds);
}
