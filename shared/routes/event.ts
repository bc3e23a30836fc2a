import * as z from 'zod/mini';
import { eventTypes, id, integer, paging, sequenceNumber } from '../http/parameters.ts';
import { eventReply } from '../http/replies.ts';
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
