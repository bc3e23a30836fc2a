import { SignatureV4 } from '@smithy/signature-v4';
import { credentials, region, Sha256, variable } from '../aws-signing.ts';
import { BUCKET_NAME } from '../environment.ts';

/**
 * Signature Version 4 by the SDK's own signer, which every bundle holds anyway. The SDK's S3 client would add 155 KB
 * (docs/decisions/0022).
 */

/** A request to S3 before it is signed. */
export interface ObjectRequest {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  /** Letters, digits and `/ . _ -`: an address needs to escape none of them. */
  key: string;
  headers?: Record<string, string>;
  query?: Record<string, string>;
  /** Body of a PUT. The signature does not cover it. */
  content?: Buffer<ArrayBuffer>;
}

/** The bucket that this function was deployed with. */
export function bucketName(): string {
  return variable(BUCKET_NAME);
}

/** The bucket's address, below the endpoint that the environment names, else below AWS's. */
export function bucketUrl(): URL {
  const { AWS_ENDPOINT_URL_S3: endpoint } = process.env;
  if (endpoint) return new URL(`${endpoint.replace(/\/$/, '')}/${bucketName()}`);
  const partition = region().startsWith('cn-') ? '.cn' : '';
  return new URL(`https://${bucketName()}.s3.${region()}.amazonaws.com${partition}`);
}

let signer: SignatureV4 | undefined;

/** One signer per instance, made on first use, so that a bundle loads without an environment. */
export function objectSigner(): SignatureV4 {
  signer ??= new SignatureV4({
    service: 's3',
    region: async () => region(),
    credentials,
    sha256: Sha256,
    // S3 signs the path unescaped.
    uriEscapePath: false,
    applyChecksum: true,
  });
  return signer;
}

/** The request as the signer takes it. The signature does not cover the content of an upload. */
export function signable({ method, key, headers, query }: ObjectRequest) {
  const { protocol, hostname, port, pathname, host } = bucketUrl();
  return {
    method,
    protocol,
    hostname,
    ...(port && { port: Number(port) }),
    path: `${pathname.replace(/\/$/, '')}/${key}`,
    query: { ...query },
    headers: { host, 'X-Amz-Content-Sha256': 'UNSIGNED-PAYLOAD', ...headers },
  };
}
