import type { IncomingMessage } from 'node:http';
import type { Json } from '../template.ts';
import { S3Error } from './error.ts';
import { reply, type S3Request } from './request.ts';

/** Answers a preflight by the CORS rules of the bucket. @throws S3Error where no rule allows the request */
export function preflight(request: S3Request, rules: Json[]) {
  const { incoming } = request;
  const method = incoming.headers['access-control-request-method'] ?? '';
  const rule = matchingRule(incoming, rules, method);
  if (!rule) throw new S3Error(403, 'AccessForbidden', 'CORSResponse: This CORS request is not allowed.');
  const requested = incoming.headers['access-control-request-headers'];
  reply(request, 200, {
    ...headersOf(rule, incoming),
    ...(requested && { 'access-control-allow-headers': requested.toLowerCase() }),
    ...(rule.MaxAge !== undefined && { 'access-control-max-age': rule.MaxAge }),
  });
}

/** CORS headers of the response to any other request. */
export function corsHeaders(request: S3Request, rules: Json[]): Record<string, string> {
  const rule = matchingRule(request.incoming, rules, request.method);
  return rule ? headersOf(rule, request.incoming) : {};
}

/** The first rule that allows origin, method and headers. */
function matchingRule({ headers }: IncomingMessage, rules: Json[], method: string): Json | undefined {
  const { origin } = headers;
  if (origin === undefined) return undefined;
  const requested = (headers['access-control-request-headers'] ?? '')
    .toLowerCase()
    .split(/\s*,\s*/)
    .filter(Boolean);
  return rules.find(
    (rule) =>
      matchesAny(rule.AllowedOrigins, origin.toLowerCase()) &&
      rule.AllowedMethods.includes(method) &&
      requested.every((name) => matchesAny(rule.AllowedHeaders ?? [], name)),
  );
}

/** A pattern may hold one `*`. */
const matchesAny = (patterns: string[], value: string): boolean =>
  patterns.some((pattern) => {
    const [before = '', after] = pattern.toLowerCase().split('*');
    return after === undefined ? value === before : value.startsWith(before) && value.endsWith(after);
  });

const headersOf = (rule: Json, { headers }: IncomingMessage): Record<string, string> => ({
  'access-control-allow-origin': rule.AllowedOrigins.includes('*') ? '*' : headers.origin!,
  'access-control-allow-methods': rule.AllowedMethods.join(', '),
  ...(rule.ExposedHeaders && { 'access-control-expose-headers': rule.ExposedHeaders.join(', ') }),
  vary: 'Origin, Access-Control-Request-Headers, Access-Control-Request-Method',
});
