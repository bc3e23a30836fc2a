import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type PageRequest, pageFile } from '../shared/http/page.ts';

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
];

/**
 * GET /docs, /docs/{file}, /openapi.json, /asyncapi.json: the description of the API and its events, and the page to read
 * and try it. For anybody.
 */
export async function handler(
  request: Pick<PageRequest, 'rawPath' | 'headers'>,
): Promise<APIGatewayProxyStructuredResultV2> {
  return pageFile(request, '/docs', CONTENT_SECURITY_POLICY);
}
