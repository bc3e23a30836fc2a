import { randomBytes } from 'node:crypto';
import { appLog, openEventsOf, pagesAfter } from '../../data/log-repo.ts';
import {
  attemptsOf,
  deliveriesFrom,
  type Endpoint,
  endpointOf,
  forgetDelivery,
} from '../../data/webhook-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { sendMessages } from '../../messaging/queue-repo.ts';
import type { EndpointView } from './endpoints.ts';
import { eventOf, sequenceText } from './entry.ts';
import { eventsRead } from './reading.ts';
import { isFor, messageFor, NO_SEQUENCE, type Queued, TEST_TYPE } from './webhook-message.ts';

/** What was sent to an endpoint, and sending it again. */

/** @throws ApiError endpointMissing, badParameter where it is disabled */
async function enabledEndpoint({ db, app }: EndpointView, id: string): Promise<Endpoint> {
  const [endpoint] = await db.read([endpointOf(app, id)] as const);
  if (!endpoint) throw new ApiError('endpointMissing');
  if (!endpoint.enabled) throw badParameter('endpoint_id', 'the endpoint is disabled: enable it first');
  return endpoint;
}

/** Sends a test event, once. `deliveries` shows what became of it. @throws ApiError endpointMissing, badParameter */
export async function sendTest(view: EndpointView, id: string) {
  await enabledEndpoint(view, id);
  const event = testEvent(view, id);
  await sendMessages([messageFor(view.app, id, event)]);
  return { event_id: event.id };
}

function testEvent({ db: { author }, app, now }: EndpointView, endpoint: string) {
  const id = `test-${randomBytes(12).toString('base64url')}`;
  return {
    specversion: '1.0',
    id,
    source: `/apps/${app}`,
    type: TEST_TYPE,
    subject: `endpoint/${endpoint}`,
    time: new Date(now).toISOString(),
    datacontenttype: 'application/json',
    sequence: NO_SEQUENCE,
    authtype: author?.type,
    ...(author?.id !== undefined && { authid: String(author.id) }),
    cause: author?.cause,
    data: { endpoint_id: endpoint },
  };
}

/** The newest attempts first. @throws ApiError endpointMissing */
export async function listAttempts({ db, app, now }: EndpointView, id: string, limit: number) {
  const [[endpoint], days] = await db.read([[endpointOf(app, id)], attemptsOf(app, id, limit, now)] as const);
  if (!endpoint) throw new ApiError('endpointMissing');
  return days
    .flat()
    .slice(0, limit)
    .map(({ event, sequence, type, attempt, at, ms, delivered, status = 0, answer = '', error = '', next = 0 }) => ({
      event_id: event,
      sequence,
      type,
      attempt,
      time: at,
      ms,
      delivered,
      status,
      answer,
      error,
      next_attempt_at: next,
    }));
}

/** Which events are sent again. */
export interface Wanted {
  /** Only what has failed for good, from the event with the number `from` on. */
  failed: boolean;
  from: number;
  /** The last one. */
  to: number;
}

/** Events sent by one call, at most. */
const AT_ONCE = 100;

/**
 * Sends events to the endpoint again: in the order of their numbers, those that it gets, and so many at most.
 * @returns how many were sent, and the number at which the next call goes on, if there may be more
 * @throws ApiError endpointMissing, badParameter where it is disabled, eventsGone where events are not kept any more
 */
export async function redeliver(view: EndpointView, id: string, wanted: Wanted) {
  const endpoint = await enabledEndpoint(view, id);
  return wanted.failed ? redeliverFailed(view, id, wanted) : redeliverRange(view, endpoint, wanted);
}

async function redeliverFailed({ db, app }: EndpointView, id: string, { from, to }: Wanted) {
  const found = await db.read(deliveriesFrom(app, id, from, AT_ONCE));
  const failed = found.flatMap(({ sk, failed }) =>
    failed !== undefined && Number(sk) <= to ? [{ number: Number(sk), event: JSON.parse(failed) }] : [],
  );
  await sendMessages(failed.map(({ event }) => messageFor(app, id, event as Queued['event'], true)));
  // It comes back if it fails again. Where this is cut off, it is sent once more.
  await Promise.all(failed.map(({ number }) => db.beside().write([forgetDelivery(app, id, number)])));
  const last = Number(found.at(-1)?.sk ?? to);
  return { sent: failed.length, ...(found.length === AT_ONCE && last < to && { next: sequenceText(last + 1) }) };
}

async function redeliverRange(view: EndpointView, endpoint: Endpoint, { from, to }: Wanted) {
  const { db, app } = view;
  const log = appLog(app);
  const read = await db.read({ head: openEventsOf(app), pages: pagesAfter(log, from - 1, AT_ONCE) });
  const head = read.head?.last ?? 0;
  if (from > head) return { sent: 0 };
  const events = (await eventsRead(view, log, read, from - 1)).filter(({ number }) => number <= to).slice(0, AT_ONCE);
  const messages = events.flatMap(({ entry }) =>
    isFor(endpoint, entry) ? [messageFor(app, endpoint.id, eventOf(app, entry), true)] : [],
  );
  await sendMessages(messages);
  const last = events.at(-1)?.number ?? from - 1;
  return { sent: messages.length, ...(last < Math.min(to, head) && { next: sequenceText(last + 1) }) };
}
