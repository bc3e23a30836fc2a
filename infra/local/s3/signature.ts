/**
 * Checks Signature Version 4 as S3 does: in the Authorization header, in the query of a presigned URL, and in the
 * policy of a form upload. https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
 */
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { getCanonicalQuery } from '@smithy/signature-v4';
import { LOCAL_REGION } from '../aws.ts';
import { S3Error } from './error.ts';

interface Credentials {
  secretAccessKey: string;
  /** Required in every request that the key signs, if the key is a temporary one. */
  sessionToken?: string | undefined;
}

/** The credentials of an access key, or undefined if there is no such key. */
export type FindCredentials = (accessKeyId: string) => Credentials | undefined;

export interface SignedRequest {
  method: string;
  /** Decoded. */
  path: string;
  query: URLSearchParams;
  headers: IncomingHttpHeaders;
}

const ALGORITHM = 'AWS4-HMAC-SHA256';
/** In the place of the body's hash, where the signer says nothing of the body. */
export const UNSIGNED = 'UNSIGNED-PAYLOAD';
/** Seconds for which a presigned URL may be valid. */
const LONGEST_LIFE = 7 * 24 * 3600;
/** Seconds by which a signed request may be early or late. */
const LARGEST_SKEW = 15 * 60;

export interface Signer {
  accessKeyId: string;
  /** SHA-256 of the body in hex, or UNSIGNED-PAYLOAD. */
  payloadHash: string;
}

/** The signer of the request. @throws S3Error if there is no valid signature of this request */
export function verifyRequest(request: SignedRequest, find: FindCredentials): Signer {
  const { query, headers } = request;
  if (query.has('X-Amz-Signature') || query.has('X-Amz-Credential')) return verifyQuery(request, find);
  if (headers.authorization !== undefined) return verifyHeader(request, find);
  throw new S3Error(403, 'AccessDenied', 'Access Denied');
}

function verifyHeader(request: SignedRequest, find: FindCredentials): Signer {
  const { headers } = request;
  const match = /^AWS4-HMAC-SHA256 Credential=([^,\s]+),\s*SignedHeaders=([^,\s]+),\s*Signature=([0-9a-f]+)$/.exec(
    headers.authorization ?? '',
  );
  const date = header(headers, 'x-amz-date');
  if (!match || !date) {
    throw new S3Error(400, 'AuthorizationHeaderMalformed', 'The authorization header that you provided is not valid.');
  }
  const [, credential = '', signedHeaders = '', signature = ''] = match;
  if (Math.abs(Date.now() - parseDate(date)) > LARGEST_SKEW * 1000) {
    throw new S3Error(
      403,
      'RequestTimeTooSkewed',
      'The difference between the request time and the current time is too large.',
    );
  }
  const payloadHash = header(headers, 'x-amz-content-sha256');
  if (!payloadHash)
    throw new S3Error(400, 'InvalidRequest', 'Missing required header for this request: x-amz-content-sha256');
  const key = signingKey(credential, date, header(headers, 'x-amz-security-token'), find);
  checkSignature(request, { key, date, signedHeaders, payloadHash, signature });
  return { accessKeyId: key.accessKeyId, payloadHash };
}

function verifyQuery(request: SignedRequest, find: FindCredentials): Signer {
  const parameter = (name: string) => {
    const value = request.query.get(name);
    if (value) return value;
    throw new S3Error(
      400,
      'AuthorizationQueryParametersError',
      `Query-string authentication requires the ${name} parameter.`,
    );
  };
  const date = parameter('X-Amz-Date');
  const life = Number(parameter('X-Amz-Expires'));
  if (parameter('X-Amz-Algorithm') !== ALGORITHM || !(life >= 1 && life <= LONGEST_LIFE)) {
    throw new S3Error(400, 'AuthorizationQueryParametersError', 'X-Amz-Expires must be between 1 and 604800 seconds.');
  }
  const age = Date.now() - parseDate(date);
  if (age > life * 1000) throw new S3Error(403, 'AccessDenied', 'Request has expired');
  if (age < -LARGEST_SKEW * 1000) throw new S3Error(403, 'AccessDenied', 'Request is not yet valid');
  const key = signingKey(parameter('X-Amz-Credential'), date, request.query.get('X-Amz-Security-Token'), find);
  const payloadHash = request.query.get('X-Amz-Content-Sha256') ?? UNSIGNED;
  const signedHeaders = parameter('X-Amz-SignedHeaders');
  checkSignature(request, { key, date, signedHeaders, payloadHash, signature: parameter('X-Amz-Signature') });
  return { accessKeyId: key.accessKeyId, payloadHash };
}

/** The signer of the policy of a form upload. @throws S3Error if there is no valid signature */
export function verifyPolicySignature(field: (name: string) => string | undefined, find: FindCredentials): Signer {
  const [policy, credential, date, signature] = ['policy', 'x-amz-credential', 'x-amz-date', 'x-amz-signature'].map(
    field,
  );
  if (!policy && !credential && !signature) throw new S3Error(403, 'AccessDenied', 'Access Denied');
  if (!policy || !credential || !date || !signature || field('x-amz-algorithm') !== ALGORITHM) {
    throw new S3Error(
      400,
      'InvalidArgument',
      'Bucket POST must contain the fields policy and x-amz-algorithm, -credential, -date and -signature.',
    );
  }
  const key = signingKey(credential, date, field('x-amz-security-token'), find);
  compare(signature, key.sign(policy));
  return { accessKeyId: key.accessKeyId, payloadHash: UNSIGNED };
}

interface SigningKey {
  accessKeyId: string;
  scope: string;
  sign(text: string): string;
}

function signingKey(
  credential: string,
  date: string,
  sessionToken: string | null | undefined,
  find: FindCredentials,
): SigningKey {
  const [accessKeyId = '', day = '', region = '', service, end, ...rest] = credential.split('/');
  if (service !== 's3' || end !== 'aws4_request' || rest.length > 0 || !date.startsWith(day) || day.length !== 8) {
    throw new S3Error(400, 'AuthorizationQueryParametersError', 'The credential is mal-formed.');
  }
  if (region !== LOCAL_REGION) {
    throw new S3Error(
      400,
      'AuthorizationHeaderMalformed',
      `The region '${region}' is wrong; expecting '${LOCAL_REGION}'`,
    );
  }
  const credentials = find(accessKeyId);
  if (!credentials) {
    throw new S3Error(403, 'InvalidAccessKeyId', 'The AWS Access Key Id you provided does not exist in our records.');
  }
  if ((sessionToken ?? undefined) !== credentials.sessionToken) {
    throw new S3Error(400, 'InvalidToken', 'The provided token is malformed or otherwise invalid.');
  }
  const key = [day, region, service, end].reduce<string | Buffer>(
    (secret, text) => createHmac('sha256', secret).update(text).digest(),
    `AWS4${credentials.secretAccessKey}`,
  );
  return {
    accessKeyId,
    scope: [day, region, service, end].join('/'),
    sign: (text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}

interface Claim {
  key: SigningKey;
  date: string;
  signedHeaders: string;
  payloadHash: string;
  signature: string;
}

/** Builds the text that should have been signed from the request, and compares the signatures. */
function checkSignature({ method, path, query, headers }: SignedRequest, claim: Claim) {
  const signed = claim.signedHeaders.split(';');
  const mustBeSigned = Object.keys(headers).filter((name) => name === 'host' || name.startsWith('x-amz-'));
  const unsigned = mustBeSigned.filter((name) => !signed.includes(name) && name !== 'x-amz-content-sha256');
  if (unsigned.length > 0) {
    throw new S3Error(
      403,
      'AccessDenied',
      `There were headers present in the request which were not signed: ${unsigned.join(', ')}`,
    );
  }
  const grouped: Record<string, string | string[]> = Object.create(null);
  for (const name of new Set(query.keys())) {
    if (name !== 'X-Amz-Signature') grouped[name] = query.getAll(name);
  }
  const canonical = [
    method,
    path.split('/').map(escapeUri).join('/'),
    getCanonicalQuery({ method, path, query: grouped, headers: {}, protocol: 'http:', hostname: '' }),
    ...signed.map((name) => `${name}:${(header(headers, name) ?? '').trim().replace(/\s+/g, ' ')}`),
    '',
    claim.signedHeaders,
    claim.payloadHash,
  ].join('\n');
  const digest = createHash('sha256').update(canonical).digest('hex');
  compare(claim.signature, claim.key.sign([ALGORITHM, claim.date, claim.key.scope, digest].join('\n')));
}

function compare(given: string, expected: string) {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  if (a.length === b.length && timingSafeEqual(a, b)) return;
  const message = 'The request signature we calculated does not match the signature you provided.';
  throw new S3Error(403, 'SignatureDoesNotMatch', message);
}

function header(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
}

/** `20261121T225915Z` in milliseconds since 1970. */
function parseDate(text: string): number {
  const iso = text.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
  const time = Date.parse(iso);
  if (iso === text || Number.isNaN(time))
    throw new S3Error(403, 'AccessDenied', 'AWS authentication requires a valid date.');
  return time;
}

/** Escapes all characters but the unreserved ones, as the signing algorithm requires. */
function escapeUri(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}
