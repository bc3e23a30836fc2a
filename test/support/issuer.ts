import { constants, createPublicKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import type { RequestListener } from 'node:http';
import { viewOf } from '../../shared/data/operator-queries.ts';
import { addIssuer } from '../../shared/domain/app/issuers.ts';
import { serve } from './server.ts';
import type { Given } from './story.ts';

/** Issuers of tests: keys, tokens signed by hand (wrong ones, too), and a real OpenID Connect provider. */

const AUDIENCE = 'chat';

export type Algorithm = 'RS256' | 'PS256' | 'ES256' | 'EdDSA';

export interface SigningKey {
  alg: Algorithm;
  kid: string;
  private: KeyObject;
}

const GENERATED: Record<Algorithm, () => KeyObject> = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  PS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  EdDSA: () => generateKeyPairSync('ed25519').privateKey,
};
export const newKey = (alg: Algorithm, kid = `${alg}-${Math.random().toString(36).slice(2)}`): SigningKey => ({
  alg,
  kid,
  private: GENERATED[alg](),
});
export const publicJwk = (key: SigningKey) => ({
  ...createPublicKey(key.private).export({ format: 'jwk' }),
  kid: key.kid,
  use: 'sig',
});
const privateJwk = ({ alg, kid, private: key }: SigningKey) => ({
  ...key.export({ format: 'jwk' }),
  kid,
  alg,
  use: 'sig',
});

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
export const unsigned = (header: object, claims: unknown) => `${part(header)}.${part(claims)}`;

/** A token as an issuer signs it. `header` replaces members of the header; undefined leaves one out. */
export function signToken(key: SigningKey, claims: unknown, header: object = {}): string {
  const text = unsigned({ alg: key.alg, kid: key.kid, ...header }, claims);
  return `${text}.${signatureOf(key, text).toString('base64url')}`;
}
function signatureOf({ alg, private: key }: SigningKey, text: string): Buffer {
  const data = Buffer.from(text);
  if (alg === 'EdDSA') return sign(null, data, key);
  if (alg === 'ES256') return sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' });
  if (alg === 'RS256') return sign('sha256', data, key);
  return sign('sha256', data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
}

/** Claims of a token that is valid for five minutes. */
export const claimsOf = (issuer: string, sub: string, more: object = {}) => {
  const now = Math.floor(Date.now() / 1000);
  return { iss: issuer, aud: AUDIENCE, sub, iat: now, exp: now + 300, ...more };
};

interface Settings {
  create?: boolean;
  claim?: string;
  audiences?: string[];
}

const key = newKey('EdDSA', 'fixed');
/** An issuer of the app whose keys an operator has given. */
export async function fixedIssuer(given: Given, settings: Settings = {}, keys: readonly SigningKey[] = [key]) {
  const issuer = `https://login.example.com/${given.app}`;
  await added(given, { issuer, keys: JSON.stringify({ keys: keys.map(publicJwk) }), ...settings });
  return {
    issuer,
    key: keys[0]!,
    token: (sub: string, more?: object) => signToken(keys[0]!, claimsOf(issuer, sub, more)),
  };
}

export const added = (
  { app, world }: Given,
  {
    create = false,
    claim = 'sub',
    audiences = [AUDIENCE],
    ...given
  }: Settings & { issuer: string; keys?: string; jwks?: string },
) => addIssuer(viewOf(world.table), app, { create, claim, audiences, ...given }, { loopback: true });

/** A real OpenID Connect provider on this machine, with discovery, key set and tokens that it signs itself. */
export async function startProvider() {
  const { Provider } = await import('oidc-provider');
  let keys = [newKey('RS256')];
  let answer: RequestListener | undefined;
  let asked = 0;
  let isDown = false;
  const { origin, close } = await serve((request, response) => {
    if (request.method === 'GET') asked++;
    if (isDown) response.writeHead(500).end();
    else answer!(request, response);
  });
  const configure = () => {
    const provider = new Provider(origin, {
      jwks: { keys: keys.map(privateJwk) },
      clients: [
        {
          client_id: 'app',
          client_secret: 'secret',
          grant_types: ['client_credentials'],
          redirect_uris: [],
          response_types: [],
        },
      ],
      features: {
        devInteractions: { enabled: false },
        clientCredentials: { enabled: true },
        resourceIndicators: {
          enabled: true,
          defaultResource: () => 'urn:chat',
          getResourceServerInfo: () => ({
            scope: '',
            audience: AUDIENCE,
            accessTokenFormat: 'jwt',
            jwt: { sign: { alg: 'RS256' } },
          }),
        },
      },
    });
    answer = provider.callback();
  };
  configure();
  return {
    issuer: origin,
    close,
    /** Requests for its documents. */
    asked: () => asked,
    down: (is: boolean) => {
      isDown = is;
    },
    /** Signs with a new key from now on. */
    rotate() {
      keys = [newKey('RS256')];
      configure();
    },
    key: () => keys[0]!,
    /** An access token that the provider has signed, about its client `app`. */
    async token(): Promise<string> {
      const body = new URLSearchParams({ grant_type: 'client_credentials', resource: 'urn:chat' });
      const headers = { authorization: `Basic ${btoa('app:secret')}` };
      const response = await fetch(`${origin}/token`, { method: 'POST', headers, body });
      const { access_token } = (await response.json()) as { access_token?: string };
      if (!access_token) throw new Error(`the provider gave no token: ${response.status}`);
      return access_token;
    },
  };
}
