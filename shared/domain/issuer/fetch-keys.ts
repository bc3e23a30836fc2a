import type { Issuer } from '../../data/issuer-repo.ts';
import { type FetchOptions, fetchObject } from '../../messaging/key-set-repo.ts';
import { type Jwk, KeysError, usableKeys } from './keys.ts';

const DISCOVERY = '/.well-known/openid-configuration';

/**
 * The keys of an issuer from its key set, whose address its discovery document tells where the operator does not.
 * @throws KeysError with a sentence for operators
 */
export async function fetchKeys(
  { issuer, jwks }: Pick<Issuer, 'issuer' | 'jwks'>,
  options: FetchOptions,
): Promise<Jwk[]> {
  return usableKeys(await objectAt(jwks ?? (await discover(issuer, options)), options));
}

/** OpenID Connect Discovery 1.0, section 4: the document must name the very issuer whose address led to it. */
async function discover(issuer: string, options: FetchOptions): Promise<string> {
  const url = `${issuer.replace(/\/$/, '')}${DISCOVERY}`;
  const { issuer: named, jwks_uri } = (await objectAt(url, options)) as { issuer?: unknown; jwks_uri?: unknown };
  if (named !== issuer) throw new KeysError(`the document at ${url} is of another issuer: ${shown(named)}`);
  if (typeof jwks_uri !== 'string' || !URL.canParse(jwks_uri))
    throw new KeysError(`the document at ${url} names no jwks_uri`);
  return jwks_uri;
}

const shown = (value: unknown) => (JSON.stringify(value) ?? 'none').slice(0, 200);

async function objectAt(url: string, options: FetchOptions): Promise<object> {
  const answer = await fetchObject(url, options);
  if ('problem' in answer) throw new KeysError(answer.problem);
  return answer.found;
}
