import { createHash, createHmac } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { type Service, signatureOf, signedHeaders, signedQuery, type Unsigned } from '../shared/aws-signing.ts';

const SECRETS = ['AWS_REGION', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN'] as const;
const before = SECRETS.map((name) => [name, process.env[name]] as const);
afterAll(() => {
  for (const [name, value] of before) vi.stubEnv(name, value);
});
const as = (id: string, secret: string, token: string | undefined, region = 'eu-west-1') => {
  for (const [index, value] of [region, id, secret, token].entries()) vi.stubEnv(SECRETS[index]!, value);
};
beforeEach(() => as('AKIDEXAMPLE', 'sec/ret+', 'session+/='));

class Sha256 {
  readonly #hash;
  constructor(secret?: Uint8Array) {
    this.#hash = secret ? createHmac('sha256', secret) : createHash('sha256');
  }
  update = (data: Uint8Array) => void this.#hash.update(data);
  digest = async () => new Uint8Array(this.#hash.digest());
  reset() {}
}
/** The SDK's signer, with the environment as it is now. */
const theirs = (service: Service) =>
  new SignatureV4({
    service,
    region: process.env.AWS_REGION!,
    credentials: {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID!,
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY!,
      ...(process.env.AWS_SESSION_TOKEN && { sessionToken: process.env.AWS_SESSION_TOKEN }),
    },
    sha256: Sha256 as never,
    uriEscapePath: false,
    applyChecksum: false,
  });
const theirRequest = ({ host, query = {}, headers, ...request }: Unsigned) => {
  const [hostname = '', port] = host.split(':');
  return {
    ...request,
    protocol: 'https:',
    hostname,
    ...(port && { port: Number(port) }),
    query,
    headers: { ...headers, host },
  };
};

const POST: Unsigned = {
  method: 'POST',
  host: 'dynamodb.eu-west-1.amazonaws.com',
  path: '/',
  headers: { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': 'DynamoDB_20120810.Query' },
  body: '{"TableName":"ü€😀"}',
};
const PUT: Unsigned = {
  method: 'PUT',
  host: '127.0.0.1:9000',
  path: '/bucket/files/a_b-1.2/x',
  query: { 'a-b': '1', a: "2 !'()*~€", A: '', 'response-content-disposition': "attachment; filename*=UTF-8''%C3" },
  headers: {
    'x-amz-content-sha256': 'UNSIGNED-PAYLOAD',
    'content-length': '5',
    'content-type': 'a/b;  c=d ',
    'if-none-match': '*',
  },
};
const LATE = new Date('2026-12-31T23:59:59.999Z');
const NEXT_DAY = new Date('2027-01-01T00:00:00.000Z');

const CASES: [Service, Unsigned, Date][] = [
  ['dynamodb', POST, LATE],
  // The day's key is derived again: an instance may have been frozen at midnight.
  ['dynamodb', POST, NEXT_DAY],
  ['sqs', POST, NEXT_DAY],
  ['s3', PUT, LATE],
];
test('headers, addresses and texts are signed as by the SDK, whatever was signed before', async () => {
  for (const [id, secret, token, region] of [
    ['AKIDEXAMPLE', 'sec/ret+', 'session+/='],
    ['AKIDEXAMPLE', 'sec/ret+', undefined],
    ['AKIDOTHER', 'another', 'session', 'us-east-1'],
  ] as const) {
    as(id, secret, token, region);
    for (const [service, request, at] of CASES) {
      const expected = await theirs(service).sign(theirRequest(request), { signingDate: at });
      expect(signedHeaders(service, request, at)).toEqual(expected.headers);
      expect(signatureOf(service, at, 'policy')).toBe(await theirs(service).sign('policy', { signingDate: at }));
    }
    const { 'x-amz-content-sha256': content, ...headers } = PUT.headers;
    const named = theirRequest({ ...PUT, headers: { ...headers, 'X-Amz-Content-Sha256': content! } });
    const { query } = await theirs('s3').presign(named, { signingDate: LATE, expiresIn: 60 });
    const ours = signedQuery('s3', { ...PUT, headers }, 60, LATE);
    expect(Object.fromEntries(new URLSearchParams(ours))).toEqual(query);
  }
});

test('a missing credential is named', () => {
  as('AKIDEXAMPLE', '', undefined);
  expect(() => signedHeaders('dynamodb', POST)).toThrow('the environment variable AWS_SECRET_ACCESS_KEY is missing');
});
