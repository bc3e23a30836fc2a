import { randomBytes } from 'node:crypto';
import { appLog, openEventsOf, pagesAfter } from '../../data/log-repo.ts';
import { attemptsOf, deliveriesFrom, type Endpoint, endpointOf, forgetDelivery } from '../../data/webhook-repo.ts';
import { ApiError, badParameter } from '../../errors.ts';
import { type QueueMessage, sendMessages } from '../../messaging/queue-repo.ts';
import { demandEvents, type EndpointView } from './endpoints.ts';
import { eventOf, sequenceText } from './entry.ts';
import { eventsRead } from './log-reader.ts';
import { isFor, messageFor, NO_SEQUENCE, type SentEvent, TEST_TYPE } from './webhook-message.ts';

/** What was sent to an endpoint, and sending it again. */

/** @throws ApiError eventsGone where the app has no events, endpointMissing, badParameter where it is disabled */
function demandEnabled(view: EndpointView, endpoint: Endpoint | undefined): Endpoint {
  demandEvents(view);
  if (!endpoint) throw new ApiError('endpointMissing');
  if (!endpoint.enabled) throw badParameter('endpoint_id', 'the endpoint is disabled: enable it first');
  return endpoint;
}

/** Sends a test event, once. The list of attempts shows what became of it. @throws ApiError as `demandEnabled` */
export async function sendTest(view: EndpointView, id: string) {
  const [endpoint] = await view.open([endpointOf(view.app, id)] as const);
  demandEnabled(view, endpoint);
  const event = testEvent(view, id);
  await sendOn(view, [messageFor(view.app, id, event)]);
  return { event_id: event.id };
}

const sendOn = ({ send = sendMessages }: EndpointView, messages: QueueMessage[]) => send(messages);

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
export async function listAttempts(view: EndpointView, id: string, limit: number) {
  const { app, now } = view;
  const { endpoint, days } = await view.open({ endpoint: endpointOf(app, id), days: attemptsOf(app, id, limit, now) });
  if (!endpoint) throw new ApiError('endpointMissing');
  return days
    .flat()
    .slice(0, limit)
    .map(({ event, sequence, type, attempt, at, ms, delivered, status = 0, answer = '', error = '', next = 0 }) => ({
      event_id: event,
      sequence,
      type,
      attempt,
      time: new Date(at).toISOString(),
      ms,
      delivered,
      status,
      answer,
      error,
      next_attempt_at: Math.ceil(next / 1000),
    }));
}

/** Which events are sent again: one, a range, or what has failed for good, in a range or at all. */
export interface Wanted {
  sequence?: number | undefined;
  from?: number | undefined;
  to?: number | undefined;
  failed: boolean;
}

/** Events sent by one call, at most. */
const AT_ONCE = 100;

/**
 * Sends events to the endpoint again: in the order of their numbers, those that it gets, and so many at most.
 * @returns how many were sent, and the number at which the next call goes on, if there may be more
 * @throws ApiError as `demandEnabled`; eventsGone where events are not kept any more
 */
export function redeliver(view: EndpointView, id: string, { sequence, from, to, failed }: Wanted) {
  const range = { from: Math.max(1, sequence ?? from ?? 1), to: sequence ?? to ?? Number.MAX_SAFE_INTEGER };
  return failed ? redeliverFailed(view, id, range) : redeliverRange(view, id, range);
}

interface Range {
  from: number;
  to: number;
}

async function redeliverFailed(view: EndpointView, id: string, { from, to }: Range) {
  const { db, app } = view;
  const reads = { endpoint: endpointOf(app, id), found: deliveriesFrom(app, id, from, AT_ONCE) };
  const { endpoint, found } = await view.open(reads);
  demandEnabled(view, endpoint);
  const failed = found.flatMap(({ sk, failed }) =>
    failed !== undefined && Number(sk) <= to ? [{ number: Number(sk), event: JSON.parse(failed) as SentEvent }] : [],
  );
  await sendOn(
    view,
    failed.map(({ event }) => messageFor(app, id, event, true)),
  );
  // It comes back if it fails again. Where this call is cut off, it is sent once more.
  await Promise.all(failed.map(({ number }) => db.beside().write([forgetDelivery(app, id, number)])));
  const last = Number(found.at(-1)?.sk ?? to);
  return { sent: failed.length, ...(found.length === AT_ONCE && last < to && { next: sequenceText(last + 1) }) };
}

async function redeliverRange(view: EndpointView, id: string, { from, to }: Range) {
  const { app } = view;
  const log = appLog(app);
  const reads = { endpoint: endpointOf(app, id), head: openEventsOf(app), pages: pagesAfter(log, from - 1, AT_ONCE) };
  const read = await view.open(reads);
  const endpoint = demandEnabled(view, read.endpoint);
  const head = read.head?.last ?? 0;
  if (from > head) return { sent: 0 };
  const events = (await eventsRead(view, log, read, from - 1)).filter(({ number }) => number <= to).slice(0, AT_ONCE);
  const messages = events.flatMap(({ entry }) =>
    isFor(endpoint, entry) ? [messageFor(app, id, eventOf(app, entry), true)] : [],
  );
  await sendOn(view, messages);
  const last = events.at(-1)?.number ?? from - 1;
  return { sent: messages.length, ...(last < Math.min(to, head) && { next: sequenceText(last + 1) }) };
}
