import {
  EVENT_TYPES,
  EVENTS,
  type EventData,
  type EventType,
  type RosterEvent,
  subjectForm,
  subjectOf,
} from '../events/catalogue.ts';
import { describe } from '../openapi/field-meanings.ts';
import { type JsonSchema, requestSchema } from '../openapi/schema.ts';
import { eventList } from '../routes/event.ts';
import { dataSchema, envelopeSchema } from './schema.ts';

/** Any object of AsyncAPI. */
type Json = Record<string, unknown>;

const reference = (path: string) => ({ $ref: `#/${path}` });
const schemaOf = (name: string) => reference(`components/schemas/${name}`);

/** The AsyncAPI 3.0 document of all events and of the three ways in which they reach a reader. */
export function asyncApiDocument({ version }: { version: string }): Json {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Roster events',
      version,
      description: INTRODUCTION,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    defaultContentType: 'application/json',
    channels: {
      feed: {
        address: eventList.path,
        title: 'The feed',
        description:
          'All events of an app, in order, for as long as the app keeps them. `/openapi.json` describes the call.',
        messages: { page: reference('components/messages/page') },
      },
      webhook: {
        address: null,
        title: 'Webhooks',
        description:
          'Each event in a POST of its own to the address of each endpoint whose filter it passes, signed by Standard ' +
          'Webhooks. `/event/endpoint/create` makes an endpoint.',
        messages: Object.fromEntries(EVENT_TYPES.map((type) => [type, reference(`components/messages/${type}`)])),
      },
      bus: {
        address: 'roster-{stage}',
        title: 'The EventBridge bus',
        description: "Every event, for rules of the account's own. `detail-type` is the type of the event.",
        parameters: { stage: { description: 'Stage of the deployment.' } },
        messages: { detail: reference('components/messages/detail') },
      },
    },
    operations: {
      answerPage: {
        action: 'send',
        channel: reference('channels/feed'),
        title: 'Read the feed',
        summary: 'Answers a page of events. It needs an admin token.',
        messages: [reference('channels/feed/messages/page')],
        bindings: { http: { method: eventList.methods[0], query: querySchema(), bindingVersion: '0.3.0' } },
      },
      deliver: {
        action: 'send',
        channel: reference('channels/webhook'),
        title: 'Deliver an event',
        summary: 'Posts an event to an endpoint, and repeats it until the endpoint answers 2xx.',
        messages: EVENT_TYPES.map((type) => reference(`channels/webhook/messages/${type}`)),
        bindings: { http: { method: 'POST', bindingVersion: '0.3.0' } },
      },
      put: {
        action: 'send',
        channel: reference('channels/bus'),
        title: 'Put an event on the bus',
        summary: 'Hands an event to the EventBridge bus of the deployment.',
        messages: [reference('channels/bus/messages/detail')],
      },
    },
    components: {
      messages: {
        ...Object.fromEntries(EVENT_TYPES.map((type) => [type, messageOf(type)])),
        page: {
          name: 'page',
          title: 'A page of events',
          payload: pageSchema(),
          examples: [
            {
              name: 'page',
              payload: {
                code: 200,
                data: [exampleOf('group.member.removed')],
                next: exampleOf('group.member.removed').sequence,
                head: exampleOf('group.member.removed').sequence,
                message: null,
              },
            },
          ],
        },
        detail: {
          name: 'detail',
          title: 'An event of EventBridge',
          payload: detailSchema(),
        },
      },
      schemas: {
        Envelope: { title: 'Envelope', ...envelopeSchema() },
        Event: { title: 'Event', oneOf: EVENT_TYPES.map(schemaOf) },
        WebhookHeaders: webhookHeaders(),
        ...Object.fromEntries(EVENT_TYPES.map((type) => [type, schemaOfEvent(type)])),
      },
    },
  };
}

const INTRODUCTION = `Everything that changes in an app is told as an event: CloudEvents 1.0 in structured JSON.

An event is told at least once by each of the three channels: deduplicate by \`id\`. The feed has all events of an app in
the order of \`sequence\`, without gaps. Webhooks keep the order of each group and of each user. EventBridge keeps none:
\`sequence\` tells it. Ignore types and fields that you do not know, since later versions may add some.`;

/** A whole event of the type as it may be. */
export function exampleOf<T extends EventType>(type: T): RosterEvent<T> {
  const data = EVENTS[type].example as unknown as EventData[T];
  const operator = type.startsWith('app.');
  return {
    specversion: '1.0',
    id: '1rUQbYyH0sWkq8Zb2mXvNg',
    source: '/apps/demo',
    type,
    subject: subjectOf(type, data),
    time: '2026-11-29T08:15:30.123Z',
    datacontenttype: 'application/json',
    sequence: '0000000000004711',
    authtype: operator ? 'operator' : 'user',
    authid: operator ? 'alice' : '11',
    cause: 'JKJaXmPLvHcESHA=',
    data,
  } as unknown as RosterEvent<T>;
}

const messageOf = (type: EventType): Json => ({
  name: type,
  title: type,
  summary: EVENTS[type].when,
  headers: schemaOf('WebhookHeaders'),
  payload: schemaOf(type),
  examples: [
    {
      name: type,
      headers: {
        'webhook-id': exampleOf(type).id,
        'webhook-timestamp': '1795940130',
        'webhook-signature': 'v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=',
      },
      payload: exampleOf(type),
    },
  ],
});

const schemaOfEvent = (type: EventType): Json => {
  const pattern = subjectForm(type).replaceAll(/\{\w+\}/g, '\\d+');
  return {
    title: type,
    description: EVENTS[type].when,
    allOf: [
      schemaOf('Envelope'),
      { properties: { type: { const: type }, subject: { pattern: `^${pattern}$` }, data: dataSchema(type) } },
    ],
  };
};

/** Headers by Standard Webhooks 1.0. */
const webhookHeaders = (): JsonSchema => ({
  title: 'WebhookHeaders',
  type: 'object',
  properties: {
    'webhook-id': { type: 'string', description: 'Id of the event.' },
    'webhook-timestamp': {
      type: 'string',
      pattern: '^\\d+$',
      description: 'When the request was sent, in seconds since 1970. Refuse what is more than five minutes off.',
    },
    'webhook-signature': {
      type: 'string',
      description:
        '`v1,` and the base64 of HMAC-SHA256 over `<webhook-id>.<webhook-timestamp>.<body>`. While a secret is being ' +
        'replaced there are two, with a space between them.',
    },
  },
  required: ['webhook-id', 'webhook-timestamp', 'webhook-signature'],
});

const sequence = (description: string): JsonSchema => ({ type: 'string', pattern: '^\\d{16}$', description });

/** As `/openapi.json` has the parameters. */
const querySchema = (): JsonSchema => describe(requestSchema(eventList.request(), 'query'), eventList.id, 'request');

const pageSchema = (): JsonSchema => ({
  title: 'Page',
  type: 'object',
  properties: {
    code: { const: 200 },
    data: { type: 'array', items: schemaOf('Event'), description: 'Events in order.' },
    next: sequence('What to send as `after`. It moves on even where the filter let nothing pass.'),
    head: sequence('The last event of the app.'),
    message: { type: 'null' },
  },
  required: ['code', 'data', 'next', 'head', 'message'],
});

const detailSchema = (): JsonSchema => ({
  title: 'EventBridge event',
  type: 'object',
  properties: {
    'detail-type': { type: 'string', enum: [...EVENT_TYPES], description: 'Type of the event.' },
    detail: schemaOf('Event'),
  },
  required: ['detail-type', 'detail'],
});
