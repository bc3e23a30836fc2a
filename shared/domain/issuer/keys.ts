import { createPublicKey } from 'node:crypto';

/** The public keys of an issuer, as the service keeps them: only what verifies, as compact as a login reads it. */

export type Jwk = Record<string, string>;

/** Why keys are refused: a sentence for operators. */
export class KeysError extends Error {}

/** Members of a JWK that are kept. Members of private keys are none of them. */
const KEPT = ['kty', 'crv', 'kid', 'alg', 'n', 'e', 'x', 'y'] as const;
/** Keys of an issuer, and bytes of all of them as JSON, at most. */
const MOST_KEYS = 16;
const MOST_BYTES = 4_800;
const LEAST_RSA_BITS = 2048;

/** What signs with each type of key. */
const ALGORITHMS: Record<string, readonly string[]> = {
  RSA: ['RS256', 'PS256'],
  'EC P-256': ['ES256'],
  'OKP Ed25519': ['EdDSA'],
};

/**
 * The keys of a JSON Web Key Set that can verify a login. Others are left out: for encryption, symmetric ones, those of
 * other algorithms, and what is no key.
 * @throws KeysError where none is left, or too much
 */
export function usableKeys(set: unknown): Jwk[] {
  const { keys: given } = (set ?? {}) as { keys?: unknown };
  if (!Array.isArray(given)) throw new KeysError('the key set has no list "keys"');
  const keys = given.map(usable).filter((key) => key !== undefined);
  if (keys.length === 0)
    throw new KeysError('the key set has no usable key: RSA of 2048 bits or more, EC P-256 or Ed25519, for signatures');
  if (keys.length > MOST_KEYS || Buffer.byteLength(JSON.stringify(keys)) > MOST_BYTES)
    throw new KeysError(`the key set is too large: at most ${MOST_KEYS} keys with ${MOST_BYTES} bytes are kept`);
  return keys;
}

function usable(jwk: unknown): Jwk | undefined {
  if (typeof jwk !== 'object' || jwk === null) return undefined;
  const { use, key_ops, alg, kid, kty, crv, n } = jwk as Record<string, unknown>;
  const algorithms = ALGORITHMS[[kty, crv].filter((part) => part !== undefined).join(' ')];
  if (!algorithms || (alg !== undefined && !algorithms.includes(String(alg)))) return undefined;
  if ((use !== undefined && use !== 'sig') || (kid !== undefined && typeof kid !== 'string')) return undefined;
  if (key_ops !== undefined && !(Array.isArray(key_ops) && key_ops.includes('verify'))) return undefined;
  if (kty === 'RSA' && bitsOf(n) < LEAST_RSA_BITS) return undefined;
  const key = Object.fromEntries(KEPT.flatMap((name) => (name in jwk ? [[name, (jwk as Jwk)[name]!]] : [])));
  try {
    createPublicKey({ key, format: 'jwk' });
    return key;
  } catch {
    return undefined;
  }
}

const bitsOf = (modulus: unknown) => Buffer.from(String(modulus), 'base64url').length * 8;

/**
 * The keys of a file that an operator gives: a JWK, a set of them, or a public key in PEM.
 * @throws KeysError
 */
export function keysOfFile(text: string): Jwk[] {
  if (/PRIVATE KEY/.test(text)) throw new KeysError('the file holds a private key: give the public key only');
  if (text.includes('-----BEGIN')) return usableKeys({ keys: [jwkOf(text)] });
  let parsed: { keys?: unknown };
  try {
    parsed = JSON.parse(text);
  } catch {
    throw new KeysError('the file is neither PEM nor JSON');
  }
  const set = Array.isArray(parsed?.keys) ? parsed : { keys: [parsed] };
  if ((set.keys as Jwk[]).some((jwk) => jwk?.d !== undefined || jwk?.k !== undefined))
    throw new KeysError('the file holds a private or secret key: give public keys only');
  return usableKeys(set);
}

function jwkOf(pem: string): unknown {
  try {
    return createPublicKey(pem).export({ format: 'jwk' });
  } catch {
    throw new KeysError('the file holds no public key in PEM');
  }
}
