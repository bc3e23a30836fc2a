/**
 * Verifies webhooks of Roster, which are signed by Standard Webhooks 1.0. A file without dependencies for browsers,
 * Node.js and any other runtime with `crypto.subtle`. Copy it into your application with `event-types.ts`.
 */
import type { RosterEvent } from './event-types.ts';

/** The request is none of Roster, or is too old. Answer it with a status of 400. */
export class WebhookError extends Error {
  override name = 'WebhookError';
}

/** Headers of `fetch`'s kind, or of Node.js. */
export type WebhookHeaders = Headers | Record<string, string | readonly string[] | undefined>;

/** The most seconds by which the time of a request may differ from now. Older ones could be repetitions by somebody else. */
const TOLERANCE = 5 * 60;

/**
 * The event of a request.
 * @param secrets secret of the endpoint (`whsec_…`), or several while one replaces another
 * @param body as it came: bytes, or text that was not parsed
 * @throws WebhookError if headers are missing, the time is more than five minutes off, or no signature is right
 * @throws TypeError if a secret is malformed
 */
export async function verifyWebhook(
  secrets: string | readonly string[],
  headers: WebhookHeaders,
  body: string | Uint8Array,
): Promise<RosterEvent> {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map((name) => {
    const value = headerOf(headers, name);
    if (!value) throw new WebhookError(`The header ${name} is missing.`);
    return value;
  }) as [string, string, string];
  if (!/^\d+$/.test(timestamp)) throw new WebhookError('The header webhook-timestamp is no number of seconds.');
  const age = Date.now() / 1000 - Number(timestamp);
  if (Math.abs(age) > TOLERANCE)
    throw new WebhookError(`The request was signed ${Math.abs(Math.round(age))} s ${age > 0 ? 'ago' : 'ahead'}.`);

  const text = typeof body === 'string' ? body : new TextDecoder().decode(body);
  const signed = new TextEncoder().encode(`${id}.${timestamp}.${text}`);
  const candidates = signatures.split(' ').flatMap((signature) => {
    const [version, value = ''] = signature.split(',');
    return version === 'v1' ? [bytesOf(value)] : [];
  });
  for (const secret of [secrets].flat()) {
    const key = await keyOf(secret);
    // `verify` compares in constant time.
    for (const candidate of candidates)
      if (candidate && (await crypto.subtle.verify('HMAC', key, candidate, signed))) return JSON.parse(text);
  }
  throw new WebhookError('No signature is right: wrong secret, or the body is not as it was sent.');
}

function headerOf(headers: WebhookHeaders, name: string): string | undefined {
  // Not by class: frameworks bring their own.
  if (typeof headers.get === 'function') return headers.get(name) ?? undefined;
  const [, value] = Object.entries(headers).find(([one]) => one.toLowerCase() === name) ?? [];
  return typeof value === 'string' || value === undefined ? value : value[0];
}

async function keyOf(secret: string) {
  const bytes = bytesOf(secret.replace(/^whsec_/, ''));
  if (!bytes?.length) throw new TypeError('A secret is `whsec_` and base64.');
  return crypto.subtle.importKey('raw', bytes, { name: 'HMAC', hash: 'SHA-256' }, false, ['verify']);
}

/** The bytes of base64; undefined where it is none. */
function bytesOf(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
