import { requestPublic } from './public-request.ts';

/** Documents of issuers, at addresses that operators choose or that issuers name. */

export interface FetchOptions {
  /** This is the laptop: issuers on it may be reached, also without TLS. */
  loopback: boolean;
}

/** Milliseconds for a request, and bytes of an answer, at most. */
const ANSWER = 5000;
const MOST_BYTES = 262_144;

/** The JSON object at an address, or a sentence that says why there is none. Redirects are not followed. Never throws. */
export async function fetchObject(
  url: string,
  { loopback }: FetchOptions,
): Promise<{ found: object } | { problem: string }> {
  const request = { method: 'GET', headers: { accept: 'application/json' } } as const;
  const { status, body, whole, error } = await requestPublic(url, request, MOST_BYTES, { loopback, most: ANSWER });
  if (error !== undefined) return { problem: `${url} cannot be reached: ${error}` };
  if (status !== 200) return { problem: `${url} answers with status ${status}` };
  if (!whole) return { problem: `${url} answers with more than ${MOST_BYTES} bytes, or breaks off` };
  try {
    const found = JSON.parse(body.toString());
    if (typeof found === 'object' && found !== null) return { found };
  } catch {}
  return { problem: `${url} does not answer with JSON` };
}
