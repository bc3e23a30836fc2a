import type { AppId } from '../ids.ts';
import { equal, missing, unchanged } from './expression.ts';
import { asRecord, type Get, getItem, prefix, type Query } from './read.ts';
import type { ItemOf, Keyed } from './schema.ts';
import * as schema from './schema.ts';
import { measured, put, remove, type Step, update } from './step.ts';

/** Webhook endpoints of an app, what was sent to them, and what could not be sent. */

export type Endpoint = ItemOf<typeof schema.webhookEndpointFields>;
export type Attempt = ItemOf<typeof schema.webhookAttemptFields>;
export type Delivery = ItemOf<typeof schema.deliveryFields>;
export type HeldEvents = ItemOf<typeof schema.heldEventsFields>;

/** Endpoints of an app, at most. */
export const MOST_ENDPOINTS = 10;
/** Ids of endpoints: the first digit is the place. */
export const ENDPOINT_ID = /^[0-9][0-9a-f]{15}$/;
const placeOf = (endpoint: string) => Number(endpoint[0]);

/** All places for endpoints, taken or not. */
export const endpointPlaces = (app: AppId): Get<Endpoint | undefined>[] =>
  Array.from({ length: MOST_ENDPOINTS }, (_, place) =>
    getItem(schema.webhookEndpoint.key(app, place), schema.webhookEndpoint.bytes),
  );

/** One endpoint; undefined where it was deleted, even if another has its place by now. */
export const endpointOf = (app: AppId, id: string): Get<Endpoint | undefined> => ({
  get: schema.webhookEndpoint.key(app, placeOf(id)),
  bytes: schema.webhookEndpoint.bytes,
  parse: (item) => (item?.id === id ? asRecord<Endpoint>(item) : undefined),
});

const endpointQuery = (app: AppId, to: string) => ({
  partition: schema.webhookEndpoint.partition(app),
  between: ['0', to] as const,
  entryBytes: schema.webhookEndpoint.bytes,
});
export const endpointsOf = (app: AppId): Query<Endpoint[]> => ({
  query: { ...endpointQuery(app, '9'), limit: MOST_ENDPOINTS },
  parse: ({ items }) => items.map(asRecord<Endpoint>),
});

/** The same, with what is held back. */
export const webhooksOf = (app: AppId): Query<{ endpoints: Endpoint[]; held: Map<string, HeldEvents> }> => ({
  query: endpointQuery(app, '~~'),
  parse: ({ items }) => {
    const isHeld = ({ sk }: { sk?: unknown }) => String(sk).startsWith('~');
    return {
      endpoints: items.filter((item) => !isHeld(item)).map(asRecord<Endpoint>),
      held: new Map(items.filter(isHeld).map((item) => [String(item.sk).slice(1), asRecord<HeldEvents>(item)])),
    };
  },
});

export const putEndpoint = (app: AppId, endpoint: Endpoint): Step =>
  put(schema.webhookEndpoint.key(app, placeOf(endpoint.id)), endpoint, missing);
export const removeEndpoint = (app: AppId, { id }: Endpoint): Step =>
  remove(schema.webhookEndpoint.key(app, placeOf(id)), equal('id', id));
/** Sets attributes. Refused where others changed meanwhile that the caller has read. */
export const updateEndpoint = (
  app: AppId,
  was: Endpoint,
  set: Partial<{ [name in keyof Endpoint]: Endpoint[name] | undefined }>,
): Step => update(schema.webhookEndpoint.key(app, placeOf(was.id)), { set }, unchanged(was, 'id', ...changing(set)));
const changing = (set: object) => Object.keys(set).filter((name) => name !== 'updatedAt') as (keyof Endpoint)[];
/** The service disables an endpoint that has failed for too long: operators are told. */
export const disableFailing = (app: AppId, was: Endpoint, now: number): Step =>
  measured(
    'endpoints_failed',
    updateEndpoint(app, was, { enabled: false, disabledBecause: 'failing', updatedAt: now }),
  );

// ——— attempts ———
const DAY = 86_400_000;
/** Attempts can be listed for so many days. */
const ATTEMPTS_KEPT = 3;
const dayOf = (ms: number) => Math.floor(ms / DAY);

/** @param id of the event; attempts of one event are never made at the same time */
export const putAttempt = (app: AppId, endpoint: string, attempt: Attempt): Step =>
  put(schema.webhookAttempt.key(app, endpoint, dayOf(attempt.at), attempt.at, attempt.event), {
    ...attempt,
    ttl: Math.ceil(attempt.at / 1000) + (ATTEMPTS_KEPT + 1) * 86_400,
  });

/** The newest attempts of each day, the newest day first. */
export const attemptsOf = (app: AppId, endpoint: string, limit: number, now: number): Query<Attempt[]>[] =>
  Array.from({ length: ATTEMPTS_KEPT + 1 }, (_, daysAgo) => ({
    query: {
      partition: schema.webhookAttempt.partition(app, endpoint, dayOf(now) - daysAgo),
      between: ['0', '~'],
      entryBytes: schema.webhookAttempt.bytes,
      descending: true,
      limit,
      all: true,
    },
    parse: ({ items }) => items.map(asRecord<Attempt>),
  }));

// ——— deliveries that have not succeeded ———
export const deliveryOf = (app: AppId, endpoint: string, sequence: number): Get<Delivery | undefined> =>
  getItem(schema.delivery.key(app, endpoint, sequence), schema.delivery.bytes);
/** @param until when it is forgotten (ms) */
export const putDelivery = (app: AppId, endpoint: string, sequence: number, state: Delivery, until: number): Step =>
  put(schema.delivery.key(app, endpoint, sequence), { ...state, ttl: Math.ceil(until / 1000) });
export const forgetDelivery = (app: AppId, endpoint: string, sequence: number): Step =>
  remove(schema.delivery.key(app, endpoint, sequence));
/** Changes the event of a failed delivery. Refused where it has been sent again meanwhile. */
export const rewriteFailed = (app: AppId, endpoint: string, was: Keyed<Delivery>, failed: string): Step =>
  update(schema.delivery.key(app, endpoint, Number(was.sk)), { set: { failed } }, unchanged(was, 'failed'));
/** Failed ones and those that are tried again, by the numbers of their events. */
export const deliveriesFrom = (
  app: AppId,
  endpoint: string,
  from: number,
  limit: number,
): Query<Keyed<Delivery>[]> => ({
  query: {
    partition: schema.delivery.partition(app, endpoint),
    between: [schema.delivery.key(app, endpoint, from).sk, prefix('9')[1]],
    entryBytes: schema.delivery.bytes,
    limit,
  },
  parse: ({ items }) => items.map(asRecord<Keyed<Delivery>>),
});

// ——— what the bus or the queue does not take ———
export const heldEventsOf = (app: AppId, target: string): Get<HeldEvents | undefined> =>
  getItem(schema.heldEvents.key(app, target));
/** @param first number that may not have been sent */
export const holdEvents = (app: AppId, target: string, first: number, now: number): Step =>
  measured('fan_out_held', put(schema.heldEvents.key(app, target), { first, revision: 0, since: now }, missing));
/** Moves the place where the relay goes on, or leaves it, so that the stream hands it out again. */
export const moveHeld = (app: AppId, target: string, was: HeldEvents, first = was.first): Step =>
  update(
    schema.heldEvents.key(app, target),
    { set: { first, revision: was.revision + 1 } },
    unchanged(was, 'revision', 'first'),
  );
export const releaseHeld = (app: AppId, target: string, was: HeldEvents): Step =>
  remove(schema.heldEvents.key(app, target), unchanged(was, 'revision', 'first'));
