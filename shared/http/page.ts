import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brotliDecompressSync } from 'node:zlib';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

/** Files of the page, compressed, by their names; `infra/page-files.ts` puts them beside the bundle. */
const FOLDER = join(import.meta.dirname, 'files');

const TYPES: Record<string, string> = {
  html: 'text/html; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  css: 'text/css; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

export type PageRequest = Pick<APIGatewayProxyEventV2, 'rawPath' | 'rawQueryString' | 'headers'>;

/**
 * The file that a path of a page names, with the page's content policy; `index.html` for the path of the page itself.
 * @param path of the page, without a slash at its end
 */
export function pageFile(
  { rawPath, headers }: Pick<PageRequest, 'rawPath' | 'headers'>,
  path: string,
  policy: readonly string[],
): APIGatewayProxyStructuredResultV2 {
  const name = rawPath === path ? 'index.html' : rawPath.slice(rawPath.lastIndexOf('/') + 1);
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
      'content-security-policy': policy.join('; '),
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
