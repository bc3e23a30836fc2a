/**
 * An issuer of one's own, as small as it gets: a server that knows its users signs a token for each, and Roster gives a
 * session for it. See docs/own-login.md.
 *
 *     node examples/issuer/main.ts keys private.json > public.json
 *     npm run ops -- issuers add <app> --issuer https://login.example.com --audience chat --key public.json --create
 *     node examples/issuer/main.ts sign private.json https://login.example.com chat <name of the user>
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { exportJWK, generateKeyPair, importJWK, SignJWT } from 'jose';

const ALGORITHM = 'EdDSA';
const [command, file = 'private.json', issuer = '', audience = '', user = ''] = process.argv.slice(2);

if (command === 'keys') {
  const { publicKey, privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  // Another one with each rotation: by it Roster finds the key of a token.
  const kid = new Date().toISOString();
  writeFileSync(file, JSON.stringify({ ...(await exportJWK(privateKey)), kid }), { mode: 0o600 });
  console.log(JSON.stringify({ keys: [{ ...(await exportJWK(publicKey)), kid, use: 'sig' }] }));
} else if (command === 'sign' && user) {
  const { kid, ...key } = JSON.parse(readFileSync(file, 'utf8'));
  // The server has proven who the user is before it signs this.
  const token = await new SignJWT({ preferred_username: user })
    .setProtectedHeader({ alg: ALGORITHM, kid })
    .setIssuer(issuer)
    .setAudience(audience)
    .setSubject(user)
    .setIssuedAt()
    .setExpirationTime('5 minutes')
    .sign(await importJWK(key, ALGORITHM));
  console.log(token);
} else {
  console.error('usage: main.ts keys <private file> | sign <private file> <issuer> <audience> <user>');
  process.exitCode = 1;
}
