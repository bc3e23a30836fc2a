import { createHash, createHmac, createSecretKey } from 'node:crypto';
import { SignatureV4, type SignatureV4Init } from '@smithy/signature-v4';

/** Signature Version 4 by the SDK's own signer, which every bundle holds anyway, and what it asks for in a function. */

/** @throws Error that names the variable */
export function variable(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`the environment variable ${name} is missing`);
  return value;
}

export const region = () => variable('AWS_REGION');

/** The host of a service in this region. @param name `sqs`, or `bucket.s3` */
export const hostOfService = (name: string) =>
  `${name}.${region()}.amazonaws.com${region().startsWith('cn-') ? '.cn' : ''}`;

const signers: Record<string, SignatureV4> = {};

/** One signer per service and instance, made on first use, so that a bundle loads without an environment. */
export const signerOf = (service: string, options?: Partial<SignatureV4Init>): SignatureV4 =>
  (signers[service] ??= new SignatureV4({
    service,
    region: async () => region(),
    credentials,
    sha256: Sha256,
    ...options,
  }));

/** The environment holds the credentials of a function. */
export async function credentials() {
  const sessionToken = process.env.AWS_SESSION_TOKEN;
  return {
    accessKeyId: variable('AWS_ACCESS_KEY_ID'),
    secretAccessKey: variable('AWS_SECRET_ACCESS_KEY'),
    ...(sessionToken && { sessionToken }),
  };
}

/** SHA-256, or its HMAC. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', createSecretKey(bytes(secret)));
  }
  update(data: string | ArrayBuffer | ArrayBufferView) {
    this.#hash.update(bytes(data));
  }
  async digest() {
    return new Uint8Array(this.#hash.digest());
  }
  reset() {}
}

const bytes = (data: string | ArrayBuffer | ArrayBufferView) =>
  typeof data === 'string'
    ? Buffer.from(data)
    : ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      : Buffer.from(data);
