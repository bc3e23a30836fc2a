import * as z from 'zod/mini';
import { entries } from '../http/batch.ts';
import { bytes, flag, id, ids, LONGEST, MOST_READ, name, paging, text } from '../http/parameters.ts';
import { contactReply } from '../http/replies.ts';
import type { UserId } from '../ids.ts';
import type { Operation } from './operation.ts';

const area = 'roster';

/** A request to become a friend. The lists of the API documents name no required field. */
const friendRequest = () =>
  z.object({
    user_id: id<UserId>(),
    alias: z._default(name(LONGEST.name), ''),
    reason: z._default(text(LONGEST.reason), ''),
    auth_answer: z._default(text(LONGEST.description), ''),
  });

/** `limit` and `cursor`: these lists document no `version`. */
const pages = (usual: number) => {
  const { limit, cursor } = paging(usual);
  return { limit, cursor };
};

export const rosterAccept = {
  id: 'roster/accept',
  path: '/roster/accept',
  methods: ['POST', 'PUT'],
  parameters: 'query',
  area,
  section: 'roster',
  summary: 'Agree to add friend',
  description: 'The actor and the sender of an open request become friends.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'check'],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterApply = {
  id: 'roster/apply',
  path: '/roster/apply',
  methods: ['POST'],
  area,
  section: 'roster',
  summary: 'Apply to add friend',
  description: 'Makes a friend at once, or sends a request, as `auth_mode` of the other user has it.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'check', 'query-lsi1'],
  request: friendRequest,
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterApplyBatch = {
  id: 'roster/apply/batch',
  path: '/roster/apply/batch',
  methods: ['POST'],
  area,
  section: 'roster',
  summary: 'Add friends in batch',
  description: 'Applies to up to 100 users, which succeed or fail one by one.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'check', 'query-lsi1'],
  timeout: 25,
  request: () => z.object({ rosterApplications: entries({ user_id: id<UserId>() }) }),
  entry: friendRequest,
  reply: () =>
    z.object({
      success: z.array(z.int()),
      fails: z.array(z.object({ user_id: z.int(), reason: z.string() })),
    }),
} satisfies Operation;

export const rosterApplyList = {
  id: 'roster/apply/list',
  path: '/roster/apply/list',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'List of friend requests',
  description: 'Lists the requests that the actor received in the last 30 days, the newest first.',
  access: 'person',
  scope: 'read',
  grants: ['query-lsi1'],
  page: 'uncounted',
  request: () => z.object(pages(100)),
  reply: () => z.array(z.object({ user_id: z.int(), reason: z.string(), status: z.int(), expired_time: z.int() })),
} satisfies Operation;

export const rosterBlock = {
  id: 'roster/block',
  path: '/roster/block',
  methods: ['POST', 'PUT'],
  parameters: 'query',
  area,
  section: 'roster',
  summary: 'Add to blacklist',
  description: 'Blocks a user: hides it among the friends, and refuses its requests and messages.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete', 'check'],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterBlockedList = {
  id: 'roster/blocked-list',
  path: '/roster/blocked_list',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'List of blacklists',
  description: 'Lists the users whom the actor has blocked, the last first.',
  access: 'person',
  scope: 'read',
  grants: ['query-lsi3'],
  request: () => z.object({}),
  reply: () => z.array(z.int()),
} satisfies Operation;

export const rosterDecline = {
  id: 'roster/decline',
  path: '/roster/decline',
  methods: ['POST', 'PUT'],
  area,
  section: 'roster',
  summary: 'Reject friend request',
  description: 'Rejects an open request.',
  access: 'person',
  scope: 'users',
  grants: ['put'],
  request: () => z.object({ user_id: id<UserId>(), reason: z._default(text(LONGEST.reason), '') }),
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterDelete = {
  id: 'roster/delete',
  path: '/roster/delete',
  methods: ['POST', 'DELETE'],
  parameters: 'query',
  area,
  section: 'roster',
  summary: 'Delete friend',
  description: 'Ends a friendship on both sides.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete'],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterExt = {
  id: 'roster/ext',
  path: '/roster/ext',
  methods: ['POST', 'PUT'],
  area,
  section: 'roster',
  summary: 'Update friend extension information',
  description: "Changes the given fields of the actor's own side of a friendship.",
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete'],
  request: () =>
    z.object({
      user_id: id<UserId>(),
      alias: z.optional(name(LONGEST.name)),
      ext: z.optional(bytes(LONGEST.infoBytes)),
      mute_notification: z.optional(flag()),
    }),
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterId = {
  id: 'roster/id',
  path: '/roster/id',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'Search for users by ID',
  description: 'Returns the user with this id, as the actor sees it.',
  access: 'person',
  scope: 'read',
  grants: [],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () => contactReply,
} satisfies Operation;

export const rosterListDetails = {
  id: 'roster/list/details',
  path: '/roster/list',
  methods: ['POST'],
  area,
  section: 'roster',
  summary: 'List of friend details',
  description:
    'Returns the users of the list, friends or not, as the actor sees them. If one answer cannot hold all, texts that are ' +
    'longer than their share of 6 MB are empty.',
  access: 'person',
  scope: 'read',
  grants: [],
  timeout: 25,
  request: () => z.object({ list: ids<UserId>(0, MOST_READ) }),
  reply: () => z.array(contactReply),
} satisfies Operation;

export const rosterListIds = {
  id: 'roster/list/ids',
  path: '/roster/list',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'List of friends',
  description: "Lists the ids of the actor's friends, without blocked ones, in the order in which they became friends.",
  access: 'person',
  scope: 'read',
  grants: ['query-lsi3'],
  page: 'uncounted',
  request: () => z.object(pages(1000)),
  reply: () => z.array(z.int()),
} satisfies Operation;

export const rosterMayMessage = {
  id: 'roster/may-message',
  path: '/roster/may_message',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'Whether to allow messaging',
  description: 'Returns whether the user `roster_id` may write to the user `user_id`.',
  access: 'anyone',
  scope: 'decide',
  grants: [],
  request: () => z.object({ user_id: id<UserId>(), roster_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const rosterMobile = {
  id: 'roster/mobile',
  path: '/roster/mobile',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'Search for user by mobile number',
  description: 'Returns the user with this mobile number, as the actor sees it.',
  access: 'person',
  scope: 'read',
  grants: [],
  request: () => z.object({ mobile: text(256) }),
  reply: () => contactReply,
} satisfies Operation;

export const rosterName = {
  id: 'roster/name',
  path: '/roster/name',
  methods: ['GET'],
  area,
  section: 'roster',
  summary: 'Search for user by username',
  description: 'Returns the user with this username, as the actor sees it.',
  access: 'person',
  scope: 'read',
  grants: [],
  request: () => z.object({ username: name(256) }),
  reply: () => contactReply,
} satisfies Operation;

export const rosterUnblock = {
  id: 'roster/unblock',
  path: '/roster/unblock',
  methods: ['POST', 'DELETE'],
  parameters: 'query',
  area,
  section: 'roster',
  summary: 'Remove from blacklist',
  description: 'Unblocks a user.',
  access: 'person',
  scope: 'users',
  grants: ['put'],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;
