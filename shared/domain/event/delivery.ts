import { createHmac } from 'node:crypto';
import { appOf, limitsOf } from '../../data/app-repo.ts';
import type { Database } from '../../data/database.ts';
import {
  type Delivery,
  deliveryOf,
  disableFailing,
  type Endpoint,
  endpointOf,
  forgetDelivery,
  putAttempt,
  putDelivery,
  updateEndpoint,
} from '../../data/webhook-repo.ts';
import type { RosterEvent } from '../../events/catalogue.ts';
import { validSecrets } from './endpoints.ts';
import { withoutErased } from './late-events.ts';
import { type Queued, TEST_TYPE } from './webhook-message.ts';

/** Sends what the queue holds to the endpoints: signed as Standard Webhooks 1.0 says, and again by its schedule. */

/** A message that was received from the queue. */
export interface Received extends Queued {
  messageId: string;
  /** Messages of one group come in their order. */
  group: string;
  /** When the message was sent to the queue (ms). */
  queuedAt: number;
  /** How often it was received, this time included. */
  receiveCount: number;
}

/** What came of a request: the status and the beginning of an answer, or why none came. */
interface RequestOutcome {
  status?: number;
  answer?: string;
  error?: string;
}

/** What a run needs besides the table. */
export interface Deliverer {
  db: Database;
  now: () => number;
  /** Milliseconds that this run has left. */
  left: () => number;
  send: (url: string, headers: Record<string, string>, body: string) => Promise<RequestOutcome>;
}

/** A message that stays in the queue, and the seconds until it may be received again. */
export interface Postponed {
  messageId: string;
  seconds: number;
}

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];
/** The time before each further attempt (ms); the last one holds for all that follow. */
const DELAYS = [5 * SECOND, 30 * SECOND, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR];
/** No attempt begins later than so long after the event was put into the queue (ms). */
const LONGEST = 3 * DAY;
/** An endpoint that has failed for so long is disabled (ms). */
const FAILING = 5 * DAY;
/** After so long without an attempt, a failure begins a new time of failing (ms). No two attempts are further apart. */
const FAILURES_APART = DAY;
/** The last failure is written so often (ms). */
const NOTED = HOUR;
/** The time that a message needs: the longest request, and what is written after it (ms). */
const NEEDED = 18 * SECOND;
/** Attempts of an event that is tried again are remembered for longer than it is tried (ms). */
const REMEMBERED = 4 * DAY;

/**
 * When the next attempt is due.
 * @param attempts made so far @param queuedAt ms @param now ms
 * @returns ms; undefined where the delivery has failed
 */
export function nextAttempt(attempts: number, queuedAt: number, now: number): number | undefined {
  const next = now + (DELAYS[attempts - 1] ?? DELAYS.at(-1)!);
  return next > queuedAt + LONGEST ? undefined : next;
}

/**
 * Sends a batch. Groups go side by side, so that none waits for a slow endpoint of another; the messages of one group go
 * one after the other, up to the first that fails.
 * @returns the messages that are to come again. All others are done.
 */
export async function deliver(run: Deliverer, messages: readonly Received[]): Promise<Postponed[]> {
  const { db } = run;
  const endpoints = messages.map(({ app, endpoint }) => endpointOf(app, endpoint));
  const again = messages.filter(({ receiveCount, event }) => receiveCount > 1 && event.type !== TEST_TYPE);
  const states = again.map(({ app, endpoint, event }) => deliveryOf(app, endpoint, Number(event.sequence)));
  await db.load([endpoints, states]);
  const groups = [...Map.groupBy(messages, ({ group }) => group).values()];
  const postponed = await Promise.all(groups.map((group) => deliverGroup(run, group)));
  return postponed.flat();
}

async function deliverGroup(run: Deliverer, messages: readonly Received[]): Promise<Postponed[]> {
  for (const [index, message] of messages.entries()) {
    const rest = messages.slice(index + 1).map(({ messageId }) => ({ messageId, seconds: 0 }));
    if (run.left() < NEEDED) return [{ messageId: message.messageId, seconds: 0 }, ...rest];
    const next = await deliverOne(run, message);
    if (next === undefined) continue;
    // Those behind it wait for it: the queue gives none of a group while another of it is out.
    const seconds = Math.max(0, Math.ceil((next - run.now()) / 1000));
    return [{ messageId: message.messageId, seconds }, ...rest];
  }
  return [];
}

/** @returns when the message is to come again (ms); undefined where it is done */
async function deliverOne(run: Deliverer, message: Received): Promise<number | undefined> {
  const { db, now } = run;
  const { app, event } = message;
  const isTest = event.type === TEST_TYPE;
  const sequence = Number(event.sequence);
  const endpoint = db.records(endpointOf(app, message.endpoint));
  const before = isTest ? undefined : db.cached(deliveryOf(app, message.endpoint, sequence))?.record;
  const forget = before ? [forgetDelivery(app, message.endpoint, sequence)] : [];
  if (!endpoint?.enabled) {
    await db.write(forget);
    return undefined;
  }
  const attempts = (before?.attempts ?? 0) + 1;
  const started = now();
  const body = JSON.stringify(event);
  const outcome = await run.send(endpoint.url, headersOf(endpoint, event.id, body, started), body);
  const delivered = outcome.status !== undefined && outcome.status >= 200 && outcome.status < 300;
  const gone = outcome.status === 410;
  const ended = now();
  const retries = !delivered && !gone && !isTest;
  const next = retries ? nextAttempt(attempts, message.queuedAt, ended) : undefined;
  const { id, type } = event;
  const attempt = { event: id, sequence: event.sequence, type, attempt: attempts, at: started, ms: ended - started };
  // Only the list of attempts shows it, so it must hold up nothing.
  const noted = db.touch(
    putAttempt(app, endpoint.id, { ...attempt, delivered, ...outcome, ...(next !== undefined && { next }) }),
  );
  if (delivered) {
    await db.write(forget);
    await noteSuccess(db, message);
  }
  if (!delivered && !isTest) {
    const failed = next === undefined && { failed: await keptText(db, message) };
    const state: Delivery = { attempts, ...failed };
    const until = next === undefined ? ended + (await keptFor(db, message)) : ended + REMEMBERED;
    await db.write([putDelivery(app, endpoint.id, sequence, state, until)]);
    await noteFailure(db, message, gone, ended);
  }
  await noted;
  return next;
}

// Where others change the endpoint at the same time, the next outcome does these.

/** What a success means for the endpoint. */
async function noteSuccess(db: Database, { app, endpoint: id }: Received): Promise<void> {
  const endpoint = db.records(endpointOf(app, id));
  if (endpoint?.failingSince !== undefined)
    await db.write([updateEndpoint(app, endpoint, { failingSince: undefined, failedAt: undefined })]);
}

/** What a failure means for the endpoint. */
async function noteFailure(db: Database, { app, endpoint: id }: Received, gone: boolean, now: number): Promise<void> {
  const endpoint = db.records(endpointOf(app, id));
  if (!endpoint?.enabled) return;
  const { failingSince, failedAt = 0 } = endpoint;
  if (gone)
    await db.write([updateEndpoint(app, endpoint, { enabled: false, disabledBecause: 'gone', updatedAt: now })]);
  else if (failingSince === undefined || now - failedAt > FAILURES_APART)
    await db.write([updateEndpoint(app, endpoint, { failingSince: now, failedAt: now })]);
  else if (now - failingSince >= FAILING) await db.write([disableFailing(app, endpoint, now)]);
  else if (now - failedAt >= NOTED) await db.write([updateEndpoint(app, endpoint, { failedAt: now })]);
}

/** The event of a delivery that has failed. Its users may have been erased while it was tried. */
async function keptText(db: Database, { app, event }: Received): Promise<string> {
  if (event.type === TEST_TYPE) return JSON.stringify(event);
  const [kept] = await withoutErased(db, app, [event as RosterEvent]);
  return JSON.stringify(kept);
}

/** A failed delivery is kept for as long as the app keeps events (ms). */
async function keptFor(db: Database, { app }: Received): Promise<number> {
  const record = await db.read(appOf(app));
  return Math.max(1, record ? limitsOf(record).event_days : 0) * DAY;
}

/** https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md, 1.0.0 */
export function headersOf(
  endpoint: Pick<Endpoint, 'secrets'>,
  id: string,
  body: string,
  now: number,
): Record<string, string> {
  const timestamp = String(Math.floor(now / 1000));
  const signatures = validSecrets(endpoint, now).map(({ secret }) => signature(secret, `${id}.${timestamp}.${body}`));
  return {
    'content-type': 'application/cloudevents+json; charset=utf-8',
    'user-agent': 'Roster-Webhooks/1.0',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': signatures.join(' '),
  };
}

const signature = (secret: string, text: string): string => {
  const key = Buffer.from(secret.slice('whsec_'.length), 'base64');
  return `v1,${createHmac('sha256', key).update(text).digest('base64')}`;
};
