import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod/mini';
import { type ApiError, badParameter, TooLarge } from '../errors.ts';

/**
 * Bytes of a body. The longest that fits a schema, a profile whose every character is escaped in JSON, has some 220 KB;
 * lists of profiles say how much they take.
 */
const MOST_BODY = 262_144;

/** Parameters of a call before they are checked: the JSON body's, and the query's, which win. */
export function parametersOf(
  event: APIGatewayProxyEventV2,
  { rawBody = false, mostBody = MOST_BODY }: { rawBody?: boolean; mostBody?: number },
): Record<string, unknown> | ApiError {
  const length = Buffer.byteLength(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (length > mostBody) return new TooLarge(mostBody);
  const body = bodyOf(event);
  const query = Object.fromEntries(new URLSearchParams(event.rawQueryString));
  if (rawBody) return { ...query, body: rawText(body) };
  const parsed = body.trim() === '' ? {} : parse(body);
  if (parsed === undefined) return badParameter('body', 'is not JSON');
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return badParameter('body', 'must be a JSON object');
  return withoutNulls({ ...parsed, ...query });
}

/** A field that is null has not come: many clients send what they have not so. */
export const withoutNulls = (given: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));

const bodyOf = ({ body = '', isBase64Encoded }: APIGatewayProxyEventV2) =>
  isBase64Encoded ? Buffer.from(body, 'base64').toString() : body;

/** Half of a surrogate pair can only come escaped. Clients that cut a text between the two send it. */
const HALF_PAIR = /\\u[dD][89a-fA-F]/;

/** Half pairs are no Unicode, and no database need take them: they become U+FFFD, as in a query. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, HALF_PAIR.test(text) ? wellFormed : undefined);
  } catch {
    return undefined;
  }
}

const wellFormed = (_: string, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value);

/** The whole body is the value: a JSON string gives its content, anything else is kept as it came. */
function rawText(body: string): string {
  const parsed = parse(body);
  return typeof parsed === 'string' ? parsed : body;
}

/** The first thing wrong, with the field's name: `user_list[3]: must be at least 1`. */
export function parameterError(error: z.core.$ZodError, parameters: unknown): ApiError {
  const [issue] = error.issues;
  const path = issue?.path ?? [];
  const field = path
    .map((part) => (typeof part === 'number' ? `[${part}]` : `.${String(part)}`))
    .join('')
    .replace(/^\./, '');
  const value = path.reduce<unknown>(
    (inside, part) => (inside as Record<PropertyKey, unknown> | undefined)?.[part],
    parameters,
  );
  return badParameter(field || 'body', value === undefined ? 'is required' : (issue?.message ?? 'is wrong'));
}
