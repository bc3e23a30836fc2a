import type { Issuer } from '../../data/issuer-repo.ts';
import { type RequestOptions, requestPublic } from '../../messaging/public-request.ts';
import { type Jwk, KeysError, usableKeys } from './keys.ts';

/** Milliseconds for each of the two requests, and bytes of an answer, at most. */
const ANSWER = 5000;
const MOST_BYTES = 262_144;

const DISCOVERY = '/.well-known/openid-configuration';

/**
 * The keys of an issuer from its key set, whose address its discovery document tells where the operator does not.
 * @throws KeysError with a sentence for operators
 */
export async function fetchKeys({ issuer, jwks }: Pick<Issuer, 'issuer' | 'jwks'>, options: RequestOptions) {
  return keysAt(jwks ?? (await discover(issuer, options)), options);
}

/** OpenID Connect Discovery 1.0, section 4: the document must name the very issuer whose address led to it. */
async function discover(issuer: string, options: RequestOptions): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}${DISCOVERY}`;
  const { issuer: named, jwks_uri } = (await json(url, options)) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer)
    throw new KeysError(
      `the document at ${url} is of another issuer: ${JSON.stringify(named) ?? 'none'}`.slice(0, 500),
    );
  if (typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri))
    throw new KeysError(`the document at ${url} names no jwks_uri`);
  return jwks_uri;
}

async function keysAt(url: string, options: RequestOptions): Promise<Jwk[]> {
  return usableKeys(await json(url, options));
}

async function json(url: string, options: RequestOptions): Promise<object> {
  const request = { method: 'GET', headers: { accept: 'application/json' } } as const;
  const { status, body, whole, error } = await requestPublic(url, request, MOST_BYTES, { most: ANSWER, ...options });
  if (error !== undefined) throw new KeysError(`${url} cannot be reached: ${error}`);
  if (status !== 200) throw new KeysError(`${url} answers with status ${status}`);
  if (!whole) throw new KeysError(`${url} answers with more than ${MOST_BYTES} bytes, or breaks off`);
  try {
    const parsed = JSON.parse(body.toString());
    if (typeof parsed === 'object' && parsed !== null) return parsed;
  } catch {}
  throw new KeysError(`${url} does not answer with JSON`);
}
