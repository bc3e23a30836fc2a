import { createHmac, hash } from 'node:crypto';

/**
 * Signature Version 4 with what the environment of a function holds. A test compares every form with the SDK's signer,
 * which would add 15 KB and derives nothing once per day.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */

/** @throws Error that names the variable */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is missing`);
  return value;
}

const region = () => variable('AWS_REGION');

/** The host of a service in this region. @param name `sqs`, or `bucket.s3` */
export const hostOfService = (name: string) =>
  `${name}.${region()}.amazonaws.com${region().startsWith('cn-') ? '.cn' : ''}`;

export type Service = 'dynamodb' | 's3' | 'sqs' | 'events' | 'lambda';

/** A request before it is signed. */
export interface Unsigned {
  method: string;
  /** With the port, if it has one. */
  host: string;
  /** Escaped, as it is sent. */
  path: string;
  query?: Record<string, string>;
  /** Names are lower-case. All are signed. */
  headers: Record<string, string>;
  /** What the signature covers, unless a header `x-amz-content-sha256` says otherwise. */
  body?: string;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
const CONTENT_HASH = 'x-amz-content-sha256';

/** A text as part of a query: everything but letters, digits and `-._~` becomes percent-escapes of UTF-8. */
export const escaped = (text: string) =>
  encodeURIComponent(text.toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );

/** The headers that send the request, with its signature. */
export function signedHeaders(service: Service, request: Unsigned, at = new Date()): Record<string, string> {
  const { id, scope, time, token } = credentialsOf(service, at);
  const headers: Record<string, string> = { ...request.headers, host: request.host, 'x-amz-date': time };
  if (token) headers['x-amz-security-token'] = token;
  const content = headers[CONTENT_HASH] ?? hash('sha256', request.body ?? '');
  const signature = signatureOf(service, at, toSign(request, headers, request.query ?? {}, content, time, scope));
  headers.authorization = `${ALGORITHM} Credential=${id}/${scope}, SignedHeaders=${namesOf(headers)}, Signature=${signature}`;
  return headers;
}

/** The query of an address that sends the request for so many seconds, whatever content it has. */
export function signedQuery(service: Service, request: Unsigned, seconds: number, at = new Date()): string {
  const { id, scope, time, token } = credentialsOf(service, at);
  const headers = { ...request.headers, host: request.host };
  const unsigned = 'UNSIGNED-PAYLOAD';
  const query: Record<string, string> = {
    ...request.query,
    ...(token && { 'X-Amz-Security-Token': token }),
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Content-Sha256': unsigned,
    'X-Amz-Credential': `${id}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(seconds),
    'X-Amz-SignedHeaders': namesOf(headers),
  };
  query['X-Amz-Signature'] = signatureOf(service, at, toSign(request, headers, query, unsigned, time, scope));
  return queryOf(query);
}

/** Who signs, and for what: the parts of a signature that are sent with it. */
export function credentialsOf(service: Service, at: Date) {
  const time = at.toISOString().replace(/[-:]|\.\d{3}/g, '');
  return {
    id: variable('AWS_ACCESS_KEY_ID'),
    token: process.env.AWS_SESSION_TOKEN,
    time,
    scope: `${time.slice(0, 8)}/${region()}/${service}/aws4_request`,
  };
}

/** Signing keys by service: each is valid for one day, secret and region. */
const keys: Partial<Record<Service, { of: string; key: Buffer }>> = {};

/** The signature of a text: of a request, or of the policy of a form. */
export function signatureOf(service: Service, at: Date, text: string): string {
  const { scope } = credentialsOf(service, at);
  const secret = variable('AWS_SECRET_ACCESS_KEY');
  const of = `${secret}/${scope}`;
  let found = keys[service];
  if (found?.of !== of) {
    const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secret}`) as Buffer;
    keys[service] = found = { of, key };
  }
  return hmac(found.key, text).toString('hex');
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest();

function toSign(
  { method, path }: Unsigned,
  headers: Record<string, string>,
  query: Record<string, string>,
  content: string,
  time: string,
  scope: string,
): string {
  const lines = Object.keys(headers)
    .sort()
    .map((name) => `${name}:${headers[name]!.trim().replace(/\s+/g, ' ')}\n`);
  const request = [method, path, queryOf(query), lines.join(''), namesOf(headers), content].join('\n');
  return [ALGORITHM, time, scope, hash('sha256', request)].join('\n');
}

const namesOf = (headers: Record<string, string>) => Object.keys(headers).sort().join(';');

const queryOf = (query: Record<string, string>) =>
  Object.keys(query)
    .map((name): [string, string] => [escaped(name), escaped(query[name]!)])
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map((pair) => pair.join('='))
    .join('&');
