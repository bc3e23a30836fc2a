import * as z from 'zod/mini';
import {
  endpointId,
  eventPatterns,
  eventTypes,
  flag,
  id,
  integer,
  paging,
  sequenceNumber,
  text,
  title,
} from '../http/parameters.ts';
import { endpointReply, eventReply } from '../http/replies.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { Operation } from './operation.ts';

const area = 'event';

/** The longest wait for an event (s): HTTP APIs give up on a function after 30. */
const LONGEST_WAIT = 20;
const LARGEST_VERSION = 2 ** 31 - 1;

export const eventList = {
  id: 'event/list',
  path: '/event/list',
  methods: ['GET'],
  area,
  section: 'event',
  summary: 'Read events',
  description:
    'Events of the app in their order, after `after` or from the oldest that is kept. `next` is what to send as `after` to go on, also where no event of the page matched. A reader that follows it misses none. `wait` waits so many seconds for the first event.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  timeout: 28,
  request: () =>
    z.object({
      after: z.optional(sequenceNumber()),
      limit: paging(100).limit,
      types: z.optional(eventTypes()),
      group_id: z.optional(id<GroupId>()),
      user_id: z.optional(id<UserId>()),
      wait: z._default(integer(0, LONGEST_WAIT), 0),
    }),
  reply: () => z.array(eventReply),
  beside: () => z.object({ next: z.string(), head: z.string() }),
} satisfies Operation;

export const groupChanges = {
  id: 'group/changes',
  path: '/group/changes',
  methods: ['GET'],
  area,
  section: 'event',
  summary: 'Read the changes of a group',
  description:
    'Changes of the group after `version`, in their order, with the `version` that they lead to. Applied to a list that was answered with that version, they give the list of today. Only admins see applications, invitations and blocks.',
  access: 'anyone',
  scope: 'read',
  grants: ['query'],
  request: () =>
    z.object({
      group_id: id<GroupId>(),
      version: z._default(integer(0, LARGEST_VERSION), 0),
      limit: paging(100).limit,
    }),
  reply: () => z.array(eventReply),
  beside: () => z.object({ version: z.int(), head: z.int() }),
} satisfies Operation;

/** Longest texts of an endpoint, in characters. */
const LONGEST_URL = 1024;
const LONGEST_DESCRIPTION = 128;

const endpointFields = () => ({
  url: title(LONGEST_URL),
  types: eventPatterns(),
  group_id: integer(0, Number.MAX_SAFE_INTEGER),
  description: text(LONGEST_DESCRIPTION),
  enabled: flag(),
});

export const eventEndpointCreate = {
  id: 'event/endpoint/create',
  path: '/event/endpoint/create',
  methods: ['POST'],
  area,
  section: 'event',
  summary: 'Create a webhook endpoint',
  description:
    'Each event of the app is sent to `url` by POST, signed as Standard Webhooks 1.0 says. `types` and `group_id` choose events; without them all are sent. An app has at most ten endpoints. `secret` verifies the signatures. It is shown only here.',
  access: 'admin',
  scope: 'events',
  grants: ['put'],
  request: () => {
    const { url, types, group_id, description, enabled } = endpointFields();
    return z.object({
      url,
      types: z._default(types, []),
      group_id: z._default(group_id, 0),
      description: z._default(description, ''),
      enabled: z._default(enabled, true),
    });
  },
  reply: () => z.extend(endpointReply, { secret: z.string() }),
} satisfies Operation;

export const eventEndpointUpdate = {
  id: 'event/endpoint/update',
  path: '/event/endpoint/update',
  methods: ['POST'],
  area,
  section: 'event',
  summary: 'Change a webhook endpoint',
  description:
    'Changes the fields that are given. An empty list of `types` stands for all types, `group_id` 0 for all groups. What is in the queue for a disabled endpoint is dropped; after it is enabled again, `/event/endpoint/redeliver` sends it.',
  access: 'admin',
  scope: 'events',
  grants: [],
  request: () => z.extend(z.partial(z.object(endpointFields())), { endpoint_id: endpointId() }),
  reply: () => endpointReply,
} satisfies Operation;

export const eventEndpointList = {
  id: 'event/endpoint/list',
  path: '/event/endpoint/list',
  methods: ['GET'],
  area,
  section: 'event',
  summary: 'List the webhook endpoints',
  description: 'All endpoints of the app, without their secrets.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({}),
  reply: () => z.array(endpointReply),
} satisfies Operation;

export const eventEndpointDelete = {
  id: 'event/endpoint/delete',
  path: '/event/endpoint/delete',
  methods: ['POST'],
  area,
  section: 'event',
  summary: 'Delete a webhook endpoint',
  description: 'Events that wait for the endpoint are dropped.',
  access: 'admin',
  scope: 'events',
  grants: ['delete'],
  request: () => z.object({ endpoint_id: endpointId() }),
  reply: () => z.null(),
} satisfies Operation;

/** Seconds for which a secret may stay valid after it was replaced. */
const LONGEST_KEPT = 7 * 86_400;

export const eventEndpointRotate = {
  id: 'event/endpoint/rotate',
  path: '/event/endpoint/rotate',
  methods: ['POST'],
  area,
  section: 'event',
  summary: 'Give a webhook endpoint a new secret',
  description:
    'The secret before it stays valid for `keep_seconds`: until then both sign every request. The new secret is shown only here.',
  access: 'admin',
  scope: 'events',
  grants: [],
  request: () => z.object({ endpoint_id: endpointId(), keep_seconds: z._default(integer(0, LONGEST_KEPT), 86_400) }),
  reply: () => z.object({ endpoint_id: z.string(), secret: z.string(), previous_expires_at: z.int() }),
} satisfies Operation;

export const eventEndpointTest = {
  id: 'event/endpoint/test',
  path: '/event/endpoint/test',
  methods: ['POST'],
  area,
  section: 'event',
  summary: 'Send a test event to a webhook endpoint',
  description:
    'Sends an event of the type `endpoint.test`, which the feed does not have, once. `/event/endpoint/deliveries` shows the outcome.',
  access: 'admin',
  scope: 'events',
  grants: ['send-webhooks'],
  request: () => z.object({ endpoint_id: endpointId() }),
  reply: () => z.object({ event_id: z.string() }),
} satisfies Operation;

export const eventEndpointDeliveries = {
  id: 'event/endpoint/deliveries',
  path: '/event/endpoint/deliveries',
  methods: ['GET'],
  area,
  section: 'event',
  summary: 'List attempts to send events to a webhook endpoint',
  description:
    'The newest attempts of the last three days first, at most 1,000. `status` is that of the answer, 0 where none came; `answer` its first 256 bytes; `next_attempt_at` the time of the next attempt, 0 where there is none.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({ endpoint_id: endpointId(), limit: paging(100).limit }),
  reply: () =>
    z.array(
      z.object({
        event_id: z.string(),
        sequence: z.string(),
        type: z.string(),
        attempt: z.int(),
        time: z.string(),
        ms: z.int(),
        delivered: z.boolean(),
        status: z.int(),
        answer: z.string(),
        error: z.string(),
        next_attempt_at: z.int(),
      }),
    ),
} satisfies Operation;

export const eventEndpointRedeliver = {
  id: 'event/endpoint/redeliver',
  path: '/event/endpoint/redeliver',
  methods: ['POST'],
  area,
  section: 'event',
  summary: 'Send events to a webhook endpoint again',
  description:
    'Sends one event (`sequence`), a range (`from` and `to`), or what has failed for good (`failed`, of that range or all), up to 100 events per call. `next` is what to send as `from` to go on; absent at the end.',
  access: 'admin',
  scope: 'events',
  grants: ['query', 'delete', 'send-webhooks'],
  request: () =>
    z
      .object({
        endpoint_id: endpointId(),
        sequence: z.optional(sequenceNumber()),
        from: z.optional(sequenceNumber()),
        to: z.optional(sequenceNumber()),
        failed: z._default(flag(), false),
      })
      .check(
        z.refine(({ sequence, from, failed }) => failed || sequence !== undefined || from !== undefined, {
          path: ['from'],
          message: 'is required',
        }),
      ),
  reply: () => z.object({ sent: z.int(), next: z.optional(z.string()) }),
} satisfies Operation;
