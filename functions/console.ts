import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { STAGE } from '../shared/environment.ts';
import { type PageRequest, pageFile } from '../shared/http/page.ts';

/** An origin that `?api=` may name: encrypted, or on this machine. */
const ORIGIN = /^(https:\/\/[a-z0-9.-]+(:\d{1,5})?|http:\/\/(127\.0\.0\.1|localhost)(:\d{1,5})?)$/;

/**
 * The content policy. The page connects to this API, or to the one that its address names in `?api=`, and to nothing
 * else: a script that got into it could send nothing anywhere.
 */
function policyOf(query: string): string[] {
  const api = new URLSearchParams(query).get('api') ?? '';
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self' data:",
    `connect-src 'self'${ORIGIN.test(api) ? ` ${api}` : ''}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ];
}

/**
 * GET /console, /console/{file}: the console for operators and support. The page is open to anybody and contains no data:
 * the person who opens it enters an admin token, with which the page calls the API.
 */
export async function handler(request: PageRequest): Promise<APIGatewayProxyStructuredResultV2> {
  if (request.rawPath === '/console/config.json') return config();
  return pageFile(request, '/console', policyOf(request.rawQueryString));
}

/** Which deployment this is, for links to its dashboard. */
const config = (): APIGatewayProxyStructuredResultV2 => ({
  statusCode: 200,
  headers: {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'public, max-age=300',
    'x-content-type-options': 'nosniff',
  },
  body: JSON.stringify({ stage: process.env[STAGE], region: process.env.AWS_REGION }),
});
