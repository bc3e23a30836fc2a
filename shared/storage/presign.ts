import { attachment, escaped, fitting } from './attachment.ts';
import { type ObjectRequest, objectSigner, signable } from './client.ts';

/**
 * Characters that a file's name and type may take in an address. All else has at most 620 without a session token. A
 * token of Lambda has up to 1,500, and its `+`, `/` and `=` count three times: so no address reaches 4 KB with a token,
 * nor 2.5 KB without one.
 */
const ROOM = 1750;

/**
 * An address that does just this for whoever holds it, for so many seconds. Every header given is signed: the request
 * must carry it with that very value.
 */
export async function presign(request: ObjectRequest, seconds: number): Promise<string> {
  const { protocol, headers, path, query } = await objectSigner().presign(signable(request), { expiresIn: seconds });
  const parameters = Object.entries(query ?? {}).map(([name, value]) => `${escaped(name)}=${escaped(String(value))}`);
  return `${protocol}//${headers.host}${path}?${parameters.join('&')}`;
}

/** Address of an upload of exactly that many bytes of that type. */
export const presignPut = (key: string, { size, type }: { size: number; type: string }, seconds: number) =>
  presign({ method: 'PUT', key, headers: { 'content-type': type, 'content-length': String(size) } }, seconds);

/**
 * Address that downloads an object under a name, as that type; without a type, as the one it was stored with. It is
 * always an attachment: what somebody shares may be a page with scripts, which a browser must not show in place. A name
 * that would make the address too long is shortened.
 */
export function presignGet(key: string, { name, type = '' }: { name: string; type?: string }, seconds: number) {
  const disposition = attachment(fitting(name, ROOM - escaped(type).length));
  const query = { 'response-content-disposition': disposition, ...(type && { 'response-content-type': type }) };
  return presign({ method: 'GET', key, query }, seconds);
}
