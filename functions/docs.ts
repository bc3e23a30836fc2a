import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** Files of the page, compressed, by the path that they are asked for; `infra/docs-page.ts` puts them there. */
const FOLDER = join(import.meta.dirname, 'files');

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

/** Everything comes from here, and nothing goes elsewhere. The component sets styles of elements in its scripts. */
const CONTENT_SECURITY_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * GET /docs, /docs/{file}, /openapi.json, /asyncapi.json: the description of the API and its events, and the page to read
 * and try it. For anybody.
 */
export async function handler({
  rawPath,
  headers,
}: Pick<APIGatewayProxyEventV2, 'rawPath' | 'headers'>): Promise<APIGatewayProxyStructuredResultV2> {
  const name = rawPath === '/docs' ? 'index.html' : rawPath.slice(rawPath.lastIndexOf('/') + 1);
  const compressed = read(name);
  if (!compressed)
    return { statusCode: 404, headers: { 'content-type': 'text/plain' }, body: 'There is no such file.' };
  // Names with a hash of their content stay what they are.
  const lasting = /\.[0-9a-f]{8}\.\w+$/.test(name);
  const answer = {
    statusCode: 200,
    headers: {
      'content-type': TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream',
      'cache-control': lasting ? 'public, max-age=31536000, immutable' : 'public, max-age=300',
      'content-security-policy': CONTENT_SECURITY_POLICY,
      'referrer-policy': 'no-referrer',
      'strict-transport-security': 'max-age=31536000',
      'x-content-type-options': 'nosniff',
      vary: 'accept-encoding',
    },
  };
  if (/\bbr\b/.test(headers['accept-encoding'] ?? ''))
    return {
      ...answer,
      headers: { ...answer.headers, 'content-encoding': 'br' },
      body: compressed.toString('base64'),
      isBase64Encoded: true,
    };
  return { ...answer, body: brotliDecompressSync(compressed).toString() };
}

/** The compressed file of that name; undefined where there is none. */
function read(name: string): Buffer | undefined {
  if (!/^[\w-]+(\.[\w-]+)+$/.test(name)) return undefined;
  try {
    return readFileSync(join(FOLDER, `${name}.br`));
  } catch {
    return undefined;
  }
}
