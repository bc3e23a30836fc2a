/** What can be told of the way to the API without an app: address, clock, headers, preflights. */
import { ERRORS } from '../../../client/operations.ts';
import { CORS_HEADERS, CORS_METHODS } from '../../cors.ts';
import { type Finding, right, wrong } from './finding.ts';

/** Milliseconds that one request may take: a cold function needs one or two seconds. */
export const PATIENCE = 20_000;
/** Milliseconds that the clocks may differ by. `Date` has whole seconds, and a machine that asks for the time is closer. */
const CLOCK = 30_000;

/** An answer with the envelope, or what came in its place. */
interface Answer {
  status: number;
  headers: Headers;
  text: string;
  /** Absent where the body is no envelope. */
  code?: number;
  message?: string;
}

/** @throws Error where nothing answers */
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

/** The innermost reason: `fetch failed` says nothing. */
export const reasonOf = (error: unknown): string => {
  const { cause, message, name, code } = error as Error & { code?: string };
  if (name === 'TimeoutError') return `no answer within ${PATIENCE / 1000} seconds`;
  return cause ? reasonOf(cause) : message || code || name;
};

/** The beginning of an answer that is not what was expected. */
const shown = ({ status, code, message, text }: Answer): string =>
  code === undefined ? `HTTP ${status}, ${text.slice(0, 100).trim() || 'without a body'}` : `code ${code}, ${message}`;

/**
 * One call with an app that is not there. It is answered in the order of the API's checks, so that the code tells which
 * header was missed first: badParameter `app_id`, noToken `access-token`, appMissing none of them.
 * @returns `reached`: whether calls with an app make sense
 */
export async function checkWay(api: string): Promise<{ findings: Finding[]; reached: boolean }> {
  const sent = Date.now();
  let answer: Answer;
  try {
    answer = await ask(`${api}/group/info?group_id=1`, { app_id: 'no-such-app', 'access-token': 'none' });
  } catch (error) {
    const remedy =
      'Compare the address with the output ApiUrl of the stack Roster-<stage>-Api; of a domain of your own look at its DNS record (output DnsTarget).';
    return { findings: [wrong('address', `Nothing answers at ${api}: ${reasonOf(error)}.`, remedy)], reached: false };
  }
  const took = Date.now() - sent;
  const address =
    answer.code === undefined
      ? wrong('address', `${api} answers, but not as the API: ${shown(answer)}.`, otherServer(answer.status))
      : right('address', `${api} answers as the API, in ${took} ms.`);
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
  const says = `A call of an app that is not there was answered ${shown(answer)}, not 40000.`;
  return wrong('headers', says, 'Look at the log of the function group-info: docs/runbook.md#how-to-look.');
}

/** A header did not arrive. */
export const lost = (name: string): Finding =>
  wrong(
    'headers',
    `The header ${name} does not arrive.`,
    name.includes('_')
      ? 'Something on the way drops headers with an underscore: nginx needs "underscores_in_headers on", CloudFront the origin request policy AllViewer (docs/security.md#what-an-http-api-cannot-throttle).'
      : 'Something on the way drops it: let a proxy pass all headers, CloudFront by the origin request policy AllViewer.',
  );

function otherServer(status: number): string {
  if (status === 404)
    return 'The address leads to no route: it ends without a slash and without a path; a domain of your own needs its mapping.';
  if (status === 403)
    return 'Something refuses the call: the address may be closed (defaultEndpoint=false), or a firewall stands before it.';
  if (status === 429)
    return 'The throttle of the stage or the account turns calls away: wait, or raise throttleRate (docs/deploy.md).';
  if (status >= 500)
    return 'The gateway reached no function: look at integrationError in its log and at the limit of concurrent functions (docs/runbook.md#faults).';
  return 'Compare the address with the output ApiUrl of the stack Roster-<stage>-Api.';
}

function clock(date: string | null, sent: number, took: number): Finding {
  const then = Date.parse(date ?? '');
  if (Number.isNaN(then))
    return wrong('clock', 'The answer has no header Date.', 'A proxy on the way removes it: let it pass.');
  // The header was written between sending and receiving, and is up to a second old by its form.
  const ahead = Math.round((then + 500 - (sent + took / 2)) / 1000);
  const seconds = Math.abs(ahead);
  if (seconds * 1000 <= CLOCK)
    return right('clock', `The clocks of the service and of this machine differ by ${seconds} s.`);
  return wrong(
    'clock',
    `The clock of this machine is ${seconds} s ${ahead > 0 ? 'behind' : 'ahead of'} that of the service: tokens that it issues end at the wrong time, and from 300 s on AWS refuses its requests.`,
    "Set this machine's clock (NTP). Where it is right, a proxy on the way changes Date, or keeps answers that say no-store.",
  );
}

/** Whether a page of that origin may call the API as clients do. */
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
      `A page of ${origin} may send calls but not read the answers: they lack access-control-allow-origin.`,
      'A proxy on the way drops that header from answers: let it pass.',
    );
  return right('cors', `Pages of ${origin} may call the API.`);
}

const ORIGINS =
  'Where corsOrigins names origins, give one of them: --origin https://app.example.com. Otherwise a proxy on the way answers OPTIONS itself or drops access-control headers: let it pass both.';

/** What of a preflight's answer keeps a page out. */
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
