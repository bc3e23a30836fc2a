import * as z from 'zod/mini';
import { flag, id, ids, integer, LONGEST, pageOf, share, title } from '../http/parameters.ts';
import { entryReply, eventReply } from '../http/replies.ts';
import { mobileNumber } from '../http/user-schemas.ts';
import type { GroupId, UserId } from '../ids.ts';
import { MAXIMUMS } from '../limits.ts';
import type { Operation } from './operation.ts';

const area = 'admin';
const section = 'admin';

/** Most entries of a page: each costs several read units. */
const MOST_LISTED = 100;
const paging = () => pageOf(20, MOST_LISTED);

/** Exactly one of these parameters finds the entries. */
const oneOf =
  (...names: string[]) =>
  (given: object) =>
    names.filter((name) => (given as Record<string, unknown>)[name] !== undefined).length === 1;
const found = (...names: string[]) => ({
  path: [names[0] as string],
  message: `exactly one is required of ${names.join(', ')}`,
});

const userEntry = () => ({
  user_id: z.int(),
  username: z.string(),
  nick_name: z.string(),
  avatar: z.string(),
  mobile: z.string(),
  status: z.int(),
  created_at: z.int(),
});

export const adminUserSearch = {
  id: 'admin/user/search',
  path: '/admin/user/search',
  methods: ['GET'],
  area,
  section,
  summary: 'Search users',
  description:
    'Users whose username begins with `prefix`, in the order of their usernames, or the one user with this `mobile` or `user_id`. Usernames are compared in NFKC and without regard to case. A change shows in the search by `prefix` within seconds. `status` 0 leaves out disabled users, 1 all others. A page may have fewer entries than `limit`; the search is over where the answer has no `cursor`.',
  access: 'admin',
  scope: 'read',
  grants: ['query-gsi1'],
  page: 'uncounted',
  request: () =>
    z
      .object({
        prefix: z.optional(title(LONGEST.username)),
        mobile: z.optional(mobileNumber()),
        user_id: z.optional(id<UserId>()),
        status: z.optional(integer(0, 1)),
        ...paging(),
      })
      .check(z.refine(oneOf('prefix', 'mobile', 'user_id'), found('prefix', 'mobile', 'user_id'))),
  reply: () => z.array(z.object(userEntry())),
} satisfies Operation;

export const adminUserInfo = {
  id: 'admin/user/info',
  path: '/admin/user/info',
  methods: ['GET'],
  area,
  section,
  summary: 'Read everything about a user',
  description:
    'Profile, status, identities, groups, contacts, lock-out, and devices with their sessions, without secrets. A deleted user has `status` 2 and no names. Times are in seconds; 0 stands for none.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () =>
    z.object({
      ...userEntry(),
      description: z.string(),
      email: z.string(),
      private_info: z.string(),
      public_info: z.string(),
      group_confirm: z.boolean(),
      has_password: z.boolean(),
      groups_joined: z.int(),
      groups_owned: z.int(),
      friends: z.int(),
      blocked_users: z.int(),
      failed_logins: z.int(),
      locked_until: z.int(),
      devices: z.array(
        z.object({
          device_sn: z.int(),
          platform: z.int(),
          user_agent: z.string(),
          created_at: z.int(),
          logged_in_at: z.int(),
          last_seen_at: z.int(),
          session_expires_at: z.int(),
          push_bound: z.boolean(),
          failed_logins: z.int(),
          locked_until: z.int(),
        }),
      ),
      identities: z.array(z.object({ issuer: z.string(), subject: z.string(), created_at: z.int() })),
      limits: z.object({
        groups_joined: z.int(),
        groups_owned: z.int(),
        friends: z.int(),
        blocked: z.int(),
        devices: z.int(),
      }),
    }),
} satisfies Operation;

export const adminUserGroups = {
  id: 'admin/user/groups',
  path: '/admin/user/groups',
  methods: ['GET'],
  area,
  section,
  summary: 'List the groups of a user, with role, ban and block',
  description:
    'The groups that the user has joined (`state` `member`), and those that block the user (`blocked`) or would let the user in banned (`none`), as far as the user was a member or was blocked within the last 32 days. Ordered by nothing that a reader can rely on.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  page: 'uncounted',
  request: () => z.object({ user_id: id<UserId>(), ...paging() }),
  reply: () =>
    z.array(
      z.object({
        group_id: z.int(),
        name: z.string(),
        avatar: z.string(),
        type: z.int(),
        owner_id: z.int(),
        count: z.int(),
        state: z.enum(['member', 'blocked', 'none']),
        role: z.nullable(z.literal([0, 1, 2])),
        display_name: z.string(),
        join_time: z.int(),
        blocked_at: z.int(),
        ban_expire_time: z.int(),
      }),
    ),
} satisfies Operation;

export const adminUserUnlock = {
  id: 'admin/user/unlock',
  path: '/admin/user/unlock',
  methods: ['POST'],
  area,
  section,
  summary: 'Unlock a user',
  description:
    'Forgets the failed logins of the account and of all its devices, so that all of them may log in again at once.',
  access: 'admin',
  scope: 'users',
  grants: ['query', 'delete'],
  request: () => z.object({ user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

const groupEntry = () => ({
  group_id: z.int(),
  name: z.string(),
  avatar: z.string(),
  owner_id: z.int(),
  type: z.int(),
  status: z.int(),
  count: z.int(),
  capacity: z.int(),
  ban_expire_time: z.int(),
  created_at: z.int(),
});

export const adminGroupSearch = {
  id: 'admin/group/search',
  path: '/admin/group/search',
  methods: ['GET'],
  area,
  section,
  summary: 'Search groups',
  description:
    'Groups whose name begins with `prefix`, in the order of their names, or the one group with this `group_id`, also a dissolved one. Names are compared in NFKC and without regard to case. A change shows in the search by `prefix` within seconds. A page may have fewer entries than `limit`; the search is over where the answer has no `cursor`.',
  access: 'admin',
  scope: 'read',
  grants: ['query-gsi1'],
  page: 'uncounted',
  request: () =>
    z
      .object({
        prefix: z.optional(title(LONGEST.name)),
        group_id: z.optional(id<GroupId>()),
        ...paging(),
      })
      .check(z.refine(oneOf('prefix', 'group_id'), found('prefix', 'group_id'))),
  reply: () => z.array(z.object(groupEntry())),
} satisfies Operation;

export const adminGroupList = {
  id: 'admin/group/list',
  path: '/admin/group/list',
  methods: ['GET'],
  area,
  section,
  summary: 'List all groups',
  description:
    'The groups of the app, the newest first. A new group shows within seconds. A page may have fewer entries than `limit`; the list is over where the answer has no `cursor`.',
  access: 'admin',
  scope: 'read',
  grants: ['query-gsi1'],
  page: 'uncounted',
  request: () => z.object(paging()),
  reply: () => z.array(z.object(groupEntry())),
} satisfies Operation;

export const adminGroupMembersSearch = {
  id: 'admin/group/members/search',
  path: '/admin/group/members/search',
  methods: ['GET'],
  area,
  section,
  summary: 'Search the members of a group',
  description:
    'Members whose display name in the group or whose username begins with `text`, or the one member with this `user_id`. A call looks at up to 1,000 members. A page may have fewer entries than `limit`, even none; the search is over where the answer has no `cursor`.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  page: 'uncounted',
  request: () =>
    z
      .object({
        group_id: id<GroupId>(),
        text: z.optional(title(LONGEST.name)),
        user_id: z.optional(id<UserId>()),
        ...paging(),
      })
      .check(z.refine(oneOf('text', 'user_id'), found('text', 'user_id'))),
  reply: () =>
    z.array(
      z.object({
        user_id: z.int(),
        username: z.string(),
        display_name: z.string(),
        role: z.literal([0, 1, 2]),
        join_time: z.int(),
        ban_expire_time: z.int(),
      }),
    ),
} satisfies Operation;

export const adminGroupOwnerAssign = {
  id: 'admin/group/owner/assign',
  path: '/admin/group/owner/assign',
  methods: ['POST'],
  area,
  section,
  summary: 'Assign the owner of a group',
  description:
    'Makes a user the owner, whatever the state of the old owner, who becomes a plain member. A user who is no member joins the group.',
  access: 'admin',
  scope: 'groups',
  grants: ['put'],
  request: () => z.object({ group_id: id<GroupId>(), new_owner: id<UserId>() }),
  reply: () => entryReply,
} satisfies Operation;

/** Most members of a group. */
const MOST_MEMBERS = MAXIMUMS.group_capacity ?? 0;
/** Most changes of one call: some 2 seconds' work. */
const MOST_CHANGES = 500;

export const adminGroupMembersSet = {
  id: 'admin/group/members/set',
  path: '/admin/group/members/set',
  methods: ['POST'],
  area,
  section,
  summary: 'Set the members of a group',
  description:
    'Adds and removes members until the group has exactly the members of `user_ids` and its owner, who is never removed. With `admin_ids`, exactly these members are admins. Users who are asked before they join get an invitation. `dry_run` changes nothing and answers what a call would change. The call is refused before it changes anything if the group would lose more than `max_remove_share` of its members. Each entry succeeds or fails alone. A call makes up to `limit` changes; where the answer has a `cursor`, send the same call with it to go on.',
  access: 'admin',
  scope: 'groups',
  // The first four for the queue of the group, too (shared/data/write-queue.ts).
  grants: ['put', 'delete', 'check', 'query', 'query-lsi1', 'query-lsi3'],
  timeout: 28,
  memory: 1024,
  page: 'uncounted',
  mostBody: 2 * 1024 * 1024,
  request: () =>
    z.object({
      group_id: id<GroupId>(),
      user_ids: ids<UserId>(0, MOST_MEMBERS),
      admin_ids: z.optional(ids<UserId>(0, MAXIMUMS.group_admins ?? 0)),
      dry_run: z._default(flag(), false),
      max_remove_share: z._default(share(), 0.2),
      ...pageOf(MOST_CHANGES, MOST_CHANGES),
    }),
  reply: () =>
    z.array(
      z.object({
        user_id: z.int(),
        change: z.enum(['remove', 'demote', 'add', 'promote']),
        result: z.enum(['success', 'fail']),
        reason: z.string(),
      }),
    ),
  beside: () =>
    z.object({ to_add: z.int(), to_remove: z.int(), to_promote: z.int(), to_demote: z.int(), unchanged: z.int() }),
} satisfies Operation;

const statistics = () => ({
  calls: z.int(),
  refusals: z.record(z.string(), z.int()),
  faults: z.int(),
  read_units: z.number(),
  write_units: z.number(),
  happened: z.record(z.string(), z.int()),
  dollars: z.number(),
});

export const adminOverview = {
  id: 'admin/overview',
  path: '/admin/overview',
  methods: ['GET'],
  area,
  section,
  summary: 'Read what the app holds and what it used',
  description:
    'Users and groups of the app, counted up to 10,000 where the app has no limit for them (`users_more`: there are more), and for each of the last `hours`, the newest first: calls, refusals by error code, faults of the service, units of the table, what happened, and dollars at list price. An hour without calls is left out. The figures are estimates.',
  access: 'admin',
  scope: 'read',
  grants: ['query', 'query-gsi1'],
  request: () => z.object({ hours: z._default(integer(1, 168), 24) }),
  reply: () =>
    z.object({
      users: z.int(),
      users_more: z.boolean(),
      groups: z.int(),
      groups_more: z.boolean(),
      total: z.object(statistics()),
      hours: z.array(z.object({ hour: z.int(), ...statistics() })),
    }),
} satisfies Operation;

export const adminAccessExplain = {
  id: 'admin/access/explain',
  path: '/admin/access/explain',
  methods: ['GET'],
  area,
  section,
  summary: 'Explain what a user may do',
  description:
    'The decision of `/access/check` on a user, and the event that made it so: since when and by whom. `event` is null where the decision has no event, or where it is not among the newest that a call looks through.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  request: () =>
    z.object({
      user_id: id<UserId>(),
      action: z._default(
        z.enum(['connect', 'subscribe', 'publish'], 'must be connect, subscribe or publish'),
        'publish',
      ),
      group_id: z.optional(id<GroupId>()),
      peer_id: z.optional(id<UserId>()),
    }),
  reply: () =>
    z.object({
      allow: z.boolean(),
      code: z.int(),
      reason: z.string(),
      role: z.nullable(z.literal([0, 1, 2])),
      until: z.int(),
      event: z.nullable(eventReply),
    }),
} satisfies Operation;
