import { attachment } from './attachment.ts';
import { type ObjectRequest, objectSigner, signable } from './client.ts';

/** Letters, digits and `-._~` stay as they are: as signed. */
const escaped = (text: string) =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);

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
 * always an attachment: what somebody shares may be a page with scripts, which a browser must not show in place.
 */
export const presignGet = (key: string, { name, type }: { name: string; type?: string }, seconds: number) =>
  presign(
    {
      method: 'GET',
      key,
      query: { 'response-content-disposition': attachment(name), ...(type && { 'response-content-type': type }) },
    },
    seconds,
  );
