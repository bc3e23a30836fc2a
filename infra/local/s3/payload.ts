import { S3Error } from './error.ts';
import type { S3Request } from './request.ts';
import { type Signer, UNSIGNED } from './signature.ts';
import type { Received } from './store.ts';

/** Compares the body with the sums in headers and signed query. @throws S3Error where one differs */
export function checkPayload(received: Received, { incoming, query }: S3Request, { payloadHash }: Signer) {
  if (payloadHash.startsWith('STREAMING-')) {
    throw new S3Error(
      501,
      'NotImplemented',
      'The laptop stack takes no aws-chunked bodies: send the bytes with their length.',
    );
  }
  if (payloadHash !== UNSIGNED && payloadHash !== received.sha256) {
    throw new S3Error(
      400,
      'XAmzContentSHA256Mismatch',
      "The provided 'x-amz-content-sha256' header does not match what was computed.",
    );
  }
  const claimed = (name: string) => incoming.headers[name] ?? query.get(name) ?? undefined;
  const crc = Buffer.alloc(4);
  crc.writeUInt32BE(received.crc32);
  const sums = {
    'content-md5': received.md5.toString('base64'),
    'x-amz-checksum-crc32': crc.toString('base64'),
    'x-amz-checksum-sha256': Buffer.from(received.sha256, 'hex').toString('base64'),
  };
  for (const [name, sum] of Object.entries(sums)) {
    if (claimed(name) !== undefined && claimed(name) !== sum) {
      throw new S3Error(400, 'BadDigest', `The ${name} you specified did not match what we received.`);
    }
  }
}
