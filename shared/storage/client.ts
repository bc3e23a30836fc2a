import { hostOfService, type Unsigned, variable } from '../aws-signing.ts';
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

/** The request as it is signed. */
export function unsigned({ method, key, headers = {}, query = {} }: ObjectRequest): Unsigned {
  const { pathname, host } = bucketUrl();
  return { method, host, path: `${pathname.replace(/\/$/, '')}/${key}`, query, headers };
}
