import { type RequestOptions, requestPublic } from './public-request.ts';

/** What came of a request. Without a status no answer came, and `error` says why. */
interface RequestOutcome {
  status?: number;
  /** The first 256 bytes of the body. */
  answer?: string;
  error?: string;
}

/** Bytes of the answer's body that are read. */
const SHOWN = 256;

/** Posts the body of a webhook. Redirects are not followed. Never throws. */
export async function postWebhook(
  url: string,
  headers: Record<string, string>,
  body: string,
  options: RequestOptions,
): Promise<RequestOutcome> {
  const { status, body: bytes, error } = await requestPublic(url, { method: 'POST', headers, body }, SHOWN, options);
  if (error !== undefined) return { error };
  // `stream` drops a character that the cut has left incomplete.
  const answer = new TextDecoder().decode(bytes, { stream: true });
  return { status: status!, ...(answer && { answer }) };
}
