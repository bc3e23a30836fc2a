/** The password of everybody in the stories. */
export const PASSWORD = 'correct horse battery';

/** Parameters of scrypt that cost next to nothing. */
export const CHEAP = { N: 2, r: 8, p: 1 };

/** Forms of secrets, which no log, template or bundle may hold. */
const FORMS: Record<string, RegExp> = {
  // See shared/call/token.ts.
  token: /\b(u1\.[0-9a-z]+\.[0-9a-z]+|a1)\.[\w-]{43}\.[\w-]{22}/,
  password: new RegExp(PASSWORD),
  'key of AWS': /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  'signed address': /X-Amz-(Signature|Security-Token)=[\w%]{8}/i,
  'private key': /-----BEGIN [A-Z ]*PRIVATE KEY-----/,
};

/** Names of the secrets that a text holds. */
export const secretsIn = (text: string): string[] =>
  Object.entries(FORMS).flatMap(([name, form]) => (form.test(text) ? [name] : []));
