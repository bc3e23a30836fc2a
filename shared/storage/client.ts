import { hostOfService, signerOf, variable } from '../aws-signing.ts';
import { BUCKET_NAME } from '../environment.ts';

/** S3 without the SDK's client, which would add 155 KB (docs/decisions/0022). */

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
  return new URL(`https://${hostOfService(`${bucketName()}.s3`)}`);
}

/** S3 signs the path unescaped. */
export const objectSigner = () => signerOf('s3', { uriEscapePath: false, applyChecksum: true });

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
