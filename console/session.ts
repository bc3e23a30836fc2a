/** Who is signed in, and the calls of this session. Nothing of it outlives the page, unless the person asks. */
import { type Client, rosterClient } from '../client/roster.ts';
import { Names } from './names.ts';
import { Store } from './store.ts';

export interface Entrance {
  /** Address of the API, without a slash at its end. */
  api: string;
  app: string;
  token: string;
}

export interface Session extends Entrance {
  client: Client;
  /** The same client, acting as a user. */
  as(user: number): Client;
  /** A client whose calls may wait: the page shows no bar for them. */
  waiting: Client;
  names: Names;
  /** Name of the token, and what it may do. */
  tokenName: string;
  scopes: readonly string[];
}

/** Why somebody has to sign in again. */
export type Reason = 'expired' | 'wrong' | 'left';

const KEPT = 'roster-console';

/** How long a call may take (ms). The gateway gives up after 30 seconds. */
const LONGEST = 35_000;
/** Calls that take longer than this (ms) are shown. */
const SHOWN_AFTER = 300;

/** Whether the page waits for an answer, and has for a while. */
export const busy = new Store(false);
let underway = 0;

async function counted<T>(work: Promise<T>): Promise<T> {
  underway++;
  setTimeout(() => {
    if (underway > 0) busy.value = true;
  }, SHOWN_AFTER);
  try {
    return await work;
  } finally {
    underway--;
    if (underway === 0) busy.value = false;
  }
}

const within = (init: RequestInit | undefined, ms: number): RequestInit => ({
  ...init,
  // Nothing but the named headers identifies the caller, and no answer is kept in the browser's cache.
  credentials: 'omit',
  cache: 'no-store',
  signal: AbortSignal.any([AbortSignal.timeout(ms), ...(init?.signal ? [init.signal] : [])]),
});

/**
 * A session with this token, after the service has said what it may do.
 * @returns undefined for the token of a user
 * @throws ApiError, TransportError
 */
export async function openSession({ api, app, token }: Entrance): Promise<Session | undefined> {
  const options = { endpoint: api, app, token, retries: 1 };
  const client = rosterClient({ ...options, fetch: (url, init) => counted(fetch(url, within(init, LONGEST))) });
  const waiting = rosterClient({ ...options, retries: 3, fetch: (url, init) => fetch(url, within(init, 2 * LONGEST)) });
  const self = await client.token.self();
  if (self.kind !== 'admin') return undefined;
  const { name: tokenName, scopes } = self;
  const session = { api, app, token, client, as: (user: number) => client.with({ user }), waiting, tokenName, scopes };
  return { ...session, names: new Names(session) };
}

export const session = new Store<Session | undefined>(undefined);

/** Why the sign-in page is shown, and what it begins with. */
export interface Invitation extends Partial<Entrance> {
  reason?: Reason;
  /** Fragment to show after signing in. */
  then?: string;
}

/**
 * Ends the session. The page is loaded anew, so that nothing of the app stays in it: neither in what it shows nor in
 * memory.
 */
export function leave(reason: Reason): void {
  const { app } = session.value ?? {};
  sessionStorage.removeItem(KEPT);
  const then = reason === 'left' ? '' : location.hash;
  const left = new URLSearchParams({ reason, ...(app && { app_id: app }), ...(then && { then }) });
  history.replaceState(null, '', `${location.pathname}${location.search}#${left}`);
  location.reload();
}

/** Keeps the session for this tab, also when it is loaded again. */
export const keep = (entrance: Entrance): void => sessionStorage.setItem(KEPT, JSON.stringify(entrance));

/** The API that the page calls: the one of `?api=`, or the one that serves it. */
function apiOf({ origin, search }: Location): string {
  const given = new URLSearchParams(search).get('api');
  return (given && URL.canParse(given) ? new URL(given).origin : origin).replace(/\/$/, '');
}

/**
 * How the page begins: what its fragment has, which is removed at once, or what the tab keeps.
 * Only pages of this machine take a token from the fragment: `npm start` prints such an address.
 */
export function beginning(): Invitation {
  const api = apiOf(location);
  const fragment = new URLSearchParams(location.hash.startsWith('#/') ? '' : location.hash.slice(1));
  const then = fragment.get('then') ?? (location.hash.startsWith('#/') ? location.hash : '');
  if (fragment.size > 0) history.replaceState(null, '', `${location.pathname}${location.search}${then || '#/'}`);
  const text = (name: string) => fragment.get(name) ?? undefined;
  const local = ['127.0.0.1', 'localhost'].includes(location.hostname);
  const [app, token, reason] = [text('app_id'), local ? text('token') : undefined, text('reason')];
  if (fragment.size > 0)
    return {
      api,
      then,
      ...(app && { app }),
      ...(token && { token }),
      ...((reason === 'expired' || reason === 'wrong') && { reason }),
    };
  const kept = keptFor(api);
  return { api, then, ...kept };
}

function keptFor(api: string): Entrance | undefined {
  try {
    const kept = JSON.parse(sessionStorage.getItem(KEPT) ?? 'null');
    return kept?.api === api && typeof kept.app === 'string' && typeof kept.token === 'string' ? kept : undefined;
  } catch {
    return undefined;
  }
}
