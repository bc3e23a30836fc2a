import { randomBytes } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import type { Call } from '../../call/call.ts';
import type { Plan } from '../../call/transact.ts';
import {
  type Endpoint,
  endpointOf,
  endpointPlaces,
  endpointsOf,
  MOST_ENDPOINTS,
  putEndpoint,
  removeEndpoint,
  updateEndpoint,
} from '../../data/webhook-repo.ts';
import { ApiError, badParameter, EventsGone } from '../../errors.ts';
import type { sendMessages } from '../../messaging/queue-repo.ts';
import { hostOf, mayBeReached, onLaptop, targetProblem } from '../../public-address.ts';

/** Webhook endpoints of an app, for its admin tokens and for operators. */

/**
 * From where endpoints are managed: the call of an admin token, or a command of an operator. `open` verifies the caller
 * and reads.
 */
export type EndpointView = Pick<Call, 'db' | 'app' | 'now' | 'limits' | 'open' | 'transact'> & {
  /** Endpoints on this computer may be reached. Absent: where this is the laptop. */
  loopback?: boolean;
  /** How an operator reaches the queue. Absent: as a function does. */
  send?: typeof sendMessages;
};

/** @throws ApiError eventsGone where the app has no events */
export function demandEvents({ limits }: EndpointView): void {
  if (limits.event_days === 0) throw new EventsGone(undefined, 'the app has no events');
}

/** What a caller says of an endpoint. */
export interface GivenEndpoint {
  url: string;
  /** None: all types. */
  types: string[];
  /** 0: all groups, and what is of no group. */
  group_id: number;
  description: string;
  enabled: boolean;
}

const seconds = (ms: number) => Math.floor(ms / 1000);

/** An endpoint as callers see it, without its secrets. */
export const endpointReply = ({ id, url, types, group, description, enabled, ...endpoint }: Endpoint) => ({
  endpoint_id: id,
  url,
  types,
  group_id: group,
  description,
  enabled,
  disabled_because: endpoint.disabledBecause ?? '',
  failing_since: seconds(endpoint.failingSince ?? 0),
  created_at: seconds(endpoint.createdAt),
  updated_at: seconds(endpoint.updatedAt),
});

/** `whsec_` and 32 random bytes, as Standard Webhooks has them. */
export const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

/** The longest URL, in characters. */
const LONGEST_URL = 1024;
/** Milliseconds for which a name may take to resolve. */
const RESOLVING = 2000;

/**
 * The URL in its normal form.
 * @throws ApiError badParameter unless it may be sent to, as far as its name resolves today
 */
async function targetOf({ loopback = onLaptop() }: EndpointView, text: string): Promise<string> {
  const wrong = (sentence: string) => badParameter('url', sentence);
  if (!URL.canParse(text)) throw wrong('must be a URL');
  const url = new URL(text);
  const problem = targetProblem(url, loopback);
  if (problem) throw wrong(problem);
  if (url.username || url.password) throw wrong('must contain no password');
  url.hash = '';
  if (url.href.length > LONGEST_URL) throw wrong(`must have at most ${LONGEST_URL} characters`);
  // A name that does not resolve yet is taken: every attempt to send looks again.
  const late = new Promise<never[]>((resolve) => setTimeout(resolve, RESOLVING, []).unref());
  const found = await Promise.race([lookup(hostOf(url), { all: true }).catch(() => []), late]);
  if (found.some(({ address }) => !mayBeReached(address, loopback))) throw wrong('must lead to a public address');
  return url.href;
}

/**
 * Makes an endpoint. Its secret is shown only now.
 * @throws ApiError badParameter (url; or the app has as many endpoints as allowed), eventsGone where it has no events
 */
export async function createEndpoint(view: EndpointView, given: GivenEndpoint) {
  const { app, now } = view;
  const reads = endpointPlaces(app);
  await view.open(reads);
  demandEvents(view);
  const url = await targetOf(view, given.url);
  return view.transact(reads, (places) => {
    const place = places.indexOf(undefined);
    if (place < 0) throw badParameter('url', `the app has ${MOST_ENDPOINTS} endpoints already: delete one first`);
    const secret = newSecret();
    const endpoint: Endpoint = {
      id: `${place}${randomBytes(8).toString('hex').slice(1)}`,
      url,
      types: given.types,
      group: given.group_id,
      description: given.description,
      enabled: given.enabled,
      secrets: [{ secret }],
      createdAt: now,
      updatedAt: now,
    };
    return { steps: [putEndpoint(app, endpoint)], answer: () => ({ ...endpointReply(endpoint), secret }) };
  });
}

/** All endpoints, without their secrets. */
export const listEndpoints = async (view: EndpointView) => (await view.open(endpointsOf(view.app))).map(endpointReply);

/** Decides on one endpoint. @throws ApiError endpointMissing */
async function changeEndpoint<T>(
  view: EndpointView,
  id: string,
  decide: (endpoint: Endpoint) => Plan<T>,
  check?: () => Promise<void>,
): Promise<T> {
  const reads = [endpointOf(view.app, id)] as const;
  await view.open(reads);
  await check?.();
  return view.transact(reads, ([endpoint]) => {
    if (!endpoint) throw new ApiError('endpointMissing');
    return decide(endpoint);
  });
}

/**
 * Changes what is given. An endpoint that is enabled again begins anew: what failed before counts no more.
 * @throws ApiError badParameter (url), endpointMissing
 */
export function setEndpoint(
  view: EndpointView,
  id: string,
  given: { [name in keyof GivenEndpoint]?: GivenEndpoint[name] | undefined },
) {
  const { app, now } = view;
  let url: string | undefined;
  const check = async () => {
    if (given.url !== undefined) url = await targetOf(view, given.url);
  };
  return changeEndpoint(
    view,
    id,
    (endpoint) => {
      const set = {
        ...(url !== undefined && { url }),
        ...(given.types && { types: given.types }),
        ...(given.group_id !== undefined && { group: given.group_id }),
        ...(given.description !== undefined && { description: given.description }),
        ...(given.enabled !== undefined && { enabled: given.enabled, disabledBecause: undefined }),
        ...((given.enabled || url !== undefined) && { failingSince: undefined, failedAt: undefined }),
        updatedAt: now,
      };
      const after = { ...endpoint, ...set } as Endpoint;
      return { steps: [updateEndpoint(app, endpoint, set)], answer: () => endpointReply(after) };
    },
    check,
  );
}

/** Deletes an endpoint. What waits in the queue for it is dropped. @throws ApiError endpointMissing */
export const deleteEndpoint = (view: EndpointView, id: string): Promise<null> =>
  changeEndpoint(view, id, (endpoint) => ({ steps: [removeEndpoint(view.app, endpoint)], answer: () => null }));

/** Secrets that sign at the same time, at most: the header of signatures stays short. */
const MOST_SECRETS = 5;

/**
 * Gives an endpoint a new secret, which is shown only now. The one before signs too for so long.
 * @param keep seconds
 * @throws ApiError endpointMissing, badParameter where too many are kept
 */
export const rotateSecret = (view: EndpointView, id: string, keep: number) =>
  changeEndpoint(view, id, (endpoint) => {
    const { app, now } = view;
    const secret = newSecret();
    const end = now + keep * 1000;
    const kept = validSecrets(endpoint, now)
      .map(({ secret, expiresAt = end }) => ({ secret, expiresAt }))
      .filter(({ expiresAt }) => expiresAt > now);
    if (kept.length >= MOST_SECRETS)
      throw badParameter('keep_seconds', `${MOST_SECRETS} secrets are valid: wait until one has expired`);
    const secrets = [{ secret }, ...kept];
    return {
      steps: [updateEndpoint(app, endpoint, { secrets, updatedAt: now })],
      answer: () => ({ endpoint_id: id, secret, previous_expires_at: seconds(end) }),
    };
  });

/** The secrets that sign at `now` (ms), the newest first. */
export const validSecrets = ({ secrets }: Pick<Endpoint, 'secrets'>, now: number) =>
  secrets.filter(({ expiresAt = Number.POSITIVE_INFINITY }) => expiresAt > now);
