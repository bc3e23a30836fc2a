/** Checks of the path to the API that need no app: address, clock, headers, preflight requests. */
import { ERRORS } from '../../../client/operations.ts';
import { CORS_HEADERS, CORS_METHODS } from '../../cors.ts';
import { type Finding, right, wrong } from './finding.ts';

/** Time-out of one request in milliseconds. A cold function needs one or two seconds. */
export const PATIENCE = 20_000;
/**
 * Allowed difference of the clocks in milliseconds. `Date` has whole seconds; a synchronized machine is much closer.
 */
const CLOCK = 30_000;

/** An answer, with or without the envelope. */
interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Absent if the body is not an envelope. */
  code?: number;
  message?: string;
}

/** @throws Error if nothing answers */
async function ask(url: string, headers: Record<string, string>, method = 'GET'): Promise<Answer> {
  const response = await fetch(url, { method, headers, redirect: 'manual', signal: AbortSignal.timeout(PATIENCE) });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text, ...envelopeOf(text) };
}

function envelopeOf(text: string): Pick<Answer, 'code' | 'message'> {
  try {
    const { code, message } = JSON.parse(text);
    return { ...(Number.isInteger(code) && { code, message: String(message) }) };
  } catch {
    return {};
  }
}

/** The innermost cause, because `fetch failed` explains nothing. */
export const reasonOf = (error: unknown): string => {
  const { cause, message, name, code } = error as Error & { code?: string };
  if (name === 'TimeoutError') return `no answer within ${PATIENCE / 1000} seconds`;
  return cause ? reasonOf(cause) : message || code || name;
};

/** The beginning of an unexpected answer. */
const shown = ({ status, code, message, text }: Answer): string =>
  code === undefined ? `HTTP ${status}, ${text.slice(0, 100).trim() || 'without a body'}` : `code ${code}, ${message}`;

/**
 * Makes one call with an app that does not exist. The API checks in a fixed order, so the code shows the first missing
 * header: badParameter `app_id`, noToken `access-token`, appMissing none of them.
 * @returns `reached`: whether calls with an existing app can succeed
 */
export async function checkWay(api: string): Promise<{ findings: Finding[]; reached: boolean }> {
  const sent = Date.now();
  let answer: Answer;
  try {
    answer = await ask(`${api}/group/info?group_id=1`, { app_id: 'no-such-app', 'access-token': 'none' });
  } catch (error) {
    const remedy =
      'Compare the address with the output ApiUrl of the stack Roster-<stage>-Api. If it is a custom domain, check its DNS record (output DnsTarget).';
    return { findings: [wrong('address', `Nothing answers at ${api}: ${reasonOf(error)}.`, remedy)], reached: false };
  }
  const took = Date.now() - sent;
  const address =
    answer.code === undefined
      ? wrong('address', `${api} answers, but is not the API: ${shown(answer)}.`, otherServer(answer.status))
      : right('address', `${api} is the API and answered in ${took} ms.`);
  const headers = missedHeader(answer);
  return {
    findings: [address, clock(answer.headers.get('date'), sent, took), ...(headers ? [headers] : [])],
    reached: address.state === 'right' && !headers,
  };
}

function missedHeader(answer: Answer): Finding | undefined {
  const { code, message } = answer;
  if (code === undefined || code === ERRORS.appMissing) return undefined;
  if (code === ERRORS.badParameter && message?.includes('app_id')) return lost('app_id');
  if (code === ERRORS.noToken) return lost('access-token');
  const says = `A call with an unknown app was answered ${shown(answer)}, not 40000.`;
  return wrong('headers', says, 'Check the log lines of the operation group/info: docs/runbook.md#how-to-look.');
}

/** The finding that a header does not arrive. */
export const lost = (name: string): Finding =>
  wrong(
    'headers',
    `The header ${name} does not arrive.`,
    name.includes('_')
      ? 'A proxy drops headers with an underscore: nginx needs "underscores_in_headers on", CloudFront the origin request policy AllViewer (docs/security.md#what-an-http-api-cannot-throttle).'
      : 'A proxy drops it: configure the proxy to pass all headers. CloudFront needs the origin request policy AllViewer.',
  );

function otherServer(status: number): string {
  if (status === 404)
    return 'The address has no such route: give it without a path and without a trailing slash. A custom domain needs an API mapping.';
  if (status === 403)
    return 'The call was refused: the address may be closed (defaultEndpoint=false), or a firewall blocks it.';
  if (status === 429) return 'The stage or the account throttles calls: wait, or raise throttleRate (docs/deploy.md).';
  if (status >= 500)
    return 'The gateway reached no function: check integrationError in its log and the quota of concurrent functions (docs/runbook.md#faults).';
  return 'Compare the address with the output ApiUrl of the stack Roster-<stage>-Api.';
}

function clock(date: string | null, sent: number, took: number): Finding {
  const then = Date.parse(date ?? '');
  if (Number.isNaN(then))
    return wrong('clock', 'The answer has no header Date.', 'A proxy removes it: configure the proxy to pass it.');
  // The header was written between sending and receiving. It is truncated to seconds.
  const ahead = Math.round((then + 500 - (sent + took / 2)) / 1000);
  const seconds = Math.abs(ahead);
  if (seconds * 1000 <= CLOCK)
    return right('clock', `The clocks of the service and of this machine differ by ${seconds} s.`);
  return wrong(
    'clock',
    `The clock of this machine is ${seconds} s ${ahead > 0 ? 'behind' : 'ahead of'} that of the service. Tokens that this machine issues expire at the wrong time, and AWS refuses its requests from 300 s on.`,
    'Synchronize the clock of this machine (NTP). If it is right, a proxy changes Date or caches answers in spite of no-store.',
  );
}

/** Checks whether a page of the origin may call the API. */
export async function checkCors(api: string, origin: string): Promise<Finding> {
  const asking = { 'access-control-request-method': 'PUT', 'access-control-request-headers': CORS_HEADERS.join(',') };
  const preflight = await ask(`${api}/group/info`, { origin, ...asking }, 'OPTIONS');
  const missed = missing(preflight.headers, origin, CORS_METHODS, CORS_HEADERS);
  if (missed)
    return wrong('cors', `A page of ${origin} may not call the API: its preflight was answered ${missed}.`, ORIGINS);
  const answer = await ask(`${api}/group/info`, { origin });
  if (!allows(answer.headers, origin))
    return wrong(
      'cors',
      `A page of ${origin} may call the API but not read the answers: they lack access-control-allow-origin.`,
      'A proxy removes this header from answers: configure the proxy to pass it.',
    );
  return right('cors', `Pages of ${origin} may call the API.`);
}

const ORIGINS =
  'If corsOrigins lists origins, give one of them: --origin https://app.example.com. Otherwise a proxy answers OPTIONS itself or drops access-control headers: configure it to pass both.';

/** What the answer to a preflight request lacks; undefined if it allows the page. */
export function missing(
  headers: Headers,
  origin: string,
  methods: readonly string[],
  names: readonly string[],
): string | undefined {
  if (!allows(headers, origin)) return 'without access-control-allow-origin for it';
  const listed = (name: string) => (headers.get(name) ?? '').toLowerCase().split(/\s*,\s*/);
  for (const [header, wanted] of [
    ['access-control-allow-methods', methods],
    ['access-control-allow-headers', names],
  ] as const) {
    const given = listed(header);
    const without = wanted.filter((name) => !given.includes('*') && !given.includes(name.toLowerCase()));
    if (without.length > 0) return `with ${header} that lacks ${without.join(', ')}`;
  }
  return undefined;
}

const allows = (headers: Headers, origin: string) =>
  ['*', origin].includes(headers.get('access-control-allow-origin') ?? '');
