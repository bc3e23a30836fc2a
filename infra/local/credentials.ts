import { createHmac, randomBytes } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { LOCAL_CREDENTIALS } from './aws.ts';
import type { FunctionDefinition } from './deployment.ts';
import type { FindCredentials } from './s3/signature.ts';

/** Credentials by access key. Each function has a key, secret and session token of its own. */
export function credentialsFor(functions: FunctionDefinition[]): FindCredentials {
  const seed = randomBytes(32);
  const derive = (purpose: string, accessKeyId: string) =>
    createHmac('sha256', seed).update(`${purpose} ${accessKeyId}`).digest('base64');
  const known = new Set(functions.map(({ accessKeyId }) => accessKeyId));
  return (accessKeyId) => {
    if (accessKeyId === LOCAL_CREDENTIALS.accessKeyId) return LOCAL_CREDENTIALS;
    if (!known.has(accessKeyId)) return undefined;
    return { secretAccessKey: derive('secret', accessKeyId), sessionToken: derive('session', accessKeyId) };
  };
}

/** The access key that signed a request, undefined unless it is known. The signature itself is not checked. */
export function callerOf(headers: IncomingHttpHeaders, find: FindCredentials): string | undefined {
  const key = /Credential=([^/,\s]+)/.exec(headers.authorization ?? '')?.[1] ?? '';
  const known = find(key);
  return known && known.sessionToken === headers['x-amz-security-token'] ? key : undefined;
}
