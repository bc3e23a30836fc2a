import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type * as z from 'zod/mini';
import { type ApiError, badParameter, TooLarge } from '../errors.ts';
import type { Contract } from '../routes/operation.ts';

/**
 * Most bytes of a body. The longest body with a single record has some 220 KB: a profile whose every character is escaped
 * in JSON. A list of friend requests may exceed it; lists of profiles and uploads declare a bound of their own.
 */
const MOST_BODY = 262_144;

/** The unchecked parameters of a call, from the JSON body and the query; those of the query win. */
export function parametersOf(
  event: APIGatewayProxyEventV2,
  {
    rawBody = false,
    multipart = false,
    form = false,
    mostBody = MOST_BODY,
  }: Pick<Contract, 'rawBody' | 'multipart' | 'form' | 'mostBody'>,
): Record<string, unknown> | ApiError {
  const length = Buffer.byteLength(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (length > mostBody) return new TooLarge(mostBody);
  const bytes = bodyOf(event);
  const query = Object.fromEntries(new URLSearchParams(event.rawQueryString));
  if (multipart) return { ...query, form: { type: event.headers['content-type'] ?? '', bytes } };
  const body = bytes.toString();
  if (rawBody) return { ...query, body: rawText(body) };
  if (form && /^application\/x-www-form-urlencoded\b/i.test(event.headers['content-type'] ?? ''))
    return { ...Object.fromEntries(new URLSearchParams(body)), ...query };
  const parsed = body.trim() === '' ? {} : parse(body);
  if (parsed === undefined) return badParameter('body', 'is not JSON');
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed))
    return badParameter('body', 'must be a JSON object');
  return withoutNulls({ ...parsed, ...query });
}

/** Drops fields that are null: many clients send null for a missing value. */
export const withoutNulls = (given: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null));

const bodyOf = ({ body = '', isBase64Encoded }: APIGatewayProxyEventV2) =>
  Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');

/** Half of a surrogate pair, which must be escaped in JSON. Clients send one when they cut a text between the two. */
const HALF_PAIR = /\\u[dD][89a-fA-F]/;

/** Half pairs are invalid Unicode, and a database may refuse them: they become U+FFFD, as in a query. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text, HALF_PAIR.test(text) ? wellFormed : undefined);
  } catch {
    return undefined;
  }
}

const wellFormed = (_: string, value: unknown) => (typeof value === 'string' ? value.toWellFormed() : value);

/** The whole body is the value: the content of a JSON string, or else the body as it is. */
function rawText(body: string): string {
  const parsed = parse(body);
  return typeof parsed === 'string' ? parsed : body;
}

/** The first error, with the field's name: `user_list[3]: must be at least 1`. */
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
  // A check of several fields says itself which of them it misses.
  const missing = value === undefined && issue?.code !== 'custom';
  return badParameter(field || 'body', missing ? 'is required' : (issue?.message ?? 'is wrong'));
}
