import * as z from 'zod/mini';
import {
  duration,
  flag,
  id,
  ids,
  integer,
  LONGEST,
  MOST_READ,
  MOST_WRITTEN,
  name,
  paging,
  text,
} from '../http/parameters.ts';
import { entriesReply, entryReply, memberReply } from '../http/replies.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { Operation } from './operation.ts';

const area = 'member';

/** A write that changes a group's count may also write for others in the group's queue (shared/data/write-queue.ts). */
const QUEUE_GRANTS = ['put', 'delete', 'check', 'query'] as const;

export const groupInvite = {
  id: 'group/invite',
  path: '/group/invite',
  methods: ['POST'],
  area,
  section: '7.42',
  summary: 'Invite to group',
  description: 'Invites users. Those who do not require consent become members at once.',
  access: 'anyone',
  scope: 'groups',
  grants: QUEUE_GRANTS,
  timeout: 25,
  request: () =>
    z.object({
      group_id: id<GroupId>(),
      user_list: ids<UserId>(1, MOST_WRITTEN),
      reason: z._default(text(LONGEST.reason), ''),
    }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupApply = {
  id: 'group/apply',
  path: '/group/apply',
  methods: ['POST'],
  area,
  section: '7.12',
  summary: 'Apply for group membership',
  description: 'Joins an open group, or applies where an admin must decide.',
  access: 'person',
  scope: 'groups',
  grants: QUEUE_GRANTS,
  request: () => z.object({ group_id: id<GroupId>(), reason: z._default(text(LONGEST.reason), '') }),
  reply: () => entryReply,
} satisfies Operation;

export const groupApplyHandle = {
  id: 'group/apply/handle',
  path: '/group/apply/handle',
  methods: ['POST', 'PUT'],
  area,
  section: '7.13, 7.14',
  summary: 'Admin processes membership application',
  description: 'An admin approves or rejects an application.',
  access: 'anyone',
  scope: 'groups',
  grants: QUEUE_GRANTS,
  request: () => z.object({ group_id: id<GroupId>(), user_id: id<UserId>(), approval: flag() }),
  reply: () => entryReply,
} satisfies Operation;

export const groupApplicationList = {
  id: 'group/application-list',
  path: '/group/application_list',
  methods: ['POST'],
  area,
  section: '7.11',
  summary: 'Get the list of group membership requests',
  description: 'Lists applications to the groups that the actor administers.',
  access: 'anyone',
  scope: 'read',
  grants: ['query-lsi1', 'query-lsi2', 'query-lsi3'],
  timeout: 25,
  page: 'counted',
  request: () => z.object({ group_list: z._default(ids<GroupId>(0, MOST_READ), []), ...paging(100) }),
  reply: () =>
    z.array(
      z.object({
        group_id: z.int(),
        applicant_id: z.int(),
        reason: z.string(),
        status: z.int(),
        expired_time: z.int(),
      }),
    ),
} satisfies Operation;

export const groupMemberList = {
  id: 'group/member-list',
  path: '/group/member_list',
  methods: ['GET'],
  area,
  section: '7.49',
  summary: 'Get group member list by group id',
  description: 'Lists the members in order of joining.',
  access: 'anyone',
  scope: 'read',
  grants: ['query-lsi1'],
  page: 'counted',
  request: () => z.object({ group_id: id<GroupId>(), ...paging(1000) }),
  reply: () => z.array(memberReply),
} satisfies Operation;

export const groupKick = {
  id: 'group/kick',
  path: '/group/kick',
  methods: ['POST', 'DELETE'],
  area,
  section: '7.45, 7.46',
  summary: 'Kick member out of group',
  description: 'Removes members from the group.',
  access: 'anyone',
  scope: 'groups',
  grants: QUEUE_GRANTS,
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupLeave = {
  id: 'group/leave',
  path: '/group/leave',
  methods: ['POST', 'DELETE'],
  parameters: 'query',
  area,
  section: '7.47, 7.48',
  summary: 'Member quit group',
  description: 'The actor leaves the group.',
  access: 'person',
  scope: 'groups',
  grants: QUEUE_GRANTS,
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupAdminAdd = {
  id: 'group/admin/add',
  path: '/group/admin/add',
  methods: ['POST'],
  area,
  section: '7.1',
  summary: 'Add group Admin',
  description: 'Members become admins.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupAdminRemove = {
  id: 'group/admin/remove',
  path: '/group/admin/remove',
  methods: ['POST', 'DELETE'],
  area,
  section: '7.2, 7.3',
  summary: 'Remove group Admin',
  description: 'Admins become plain members.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupAdminList = {
  id: 'group/admin-list',
  path: '/group/admin_list',
  methods: ['GET'],
  area,
  section: '7.4',
  summary: 'Get the list of group Admins',
  description: 'Lists the admins without the owner, in order of appointment.',
  access: 'anyone',
  scope: 'read',
  grants: ['query-lsi3'],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => z.array(memberReply),
} satisfies Operation;

export const groupBan = {
  id: 'group/ban',
  path: '/group/ban',
  methods: ['POST'],
  area,
  section: '7.15',
  summary: 'Ban a user',
  description: 'Members may not speak for the given number of minutes.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), duration: duration(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupUnban = {
  id: 'group/unban',
  path: '/group/unban',
  methods: ['POST'],
  area,
  section: '7.73',
  summary: 'Remove user from ban list',
  description: 'Lifts bans.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupBannedList = {
  id: 'group/banned-list',
  path: '/group/banned_list',
  methods: ['GET'],
  area,
  section: '7.16',
  summary: 'Get a list of banned members',
  description: 'Lists the members who are banned now, the newest first.',
  access: 'anyone',
  scope: 'read',
  grants: ['query-lsi2'],
  page: 'counted',
  request: () => z.object({ group_id: id<GroupId>(), ...paging(1000) }),
  reply: () => z.array(z.extend(memberReply, { expired_time: z.int() })),
} satisfies Operation;

export const groupBlock = {
  id: 'group/block',
  path: '/group/block',
  methods: ['POST'],
  area,
  section: '7.17',
  summary: 'Blacklist a user',
  description: 'Removes users from the group and keeps them out.',
  access: 'anyone',
  scope: 'groups',
  grants: ['put', 'delete', 'check'],
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupUnblock = {
  id: 'group/unblock',
  path: '/group/unblock',
  methods: ['POST', 'DELETE'],
  area,
  section: '7.74, 7.75',
  summary: 'Remove user from blacklist',
  description: 'Removes users from the blacklist.',
  access: 'anyone',
  scope: 'groups',
  grants: ['put', 'check'],
  timeout: 25,
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => entriesReply,
} satisfies Operation;

export const groupBlockedList = {
  id: 'group/blocked-list',
  path: '/group/blocked_list',
  methods: ['GET'],
  area,
  section: '7.18',
  summary: 'Get blacklist',
  description: 'Lists the blacklist, the newest first.',
  access: 'anyone',
  scope: 'read',
  grants: ['query-lsi1'],
  page: 'counted',
  request: () => z.object({ group_id: id<GroupId>(), ...paging(1000) }),
  reply: () => z.array(z.object({ user_id: z.int(), group_id: z.int(), created_at: z.string() })),
} satisfies Operation;

export const groupInviteHandle = {
  id: 'group/invite/handle',
  path: '/group/invite/handle',
  methods: ['POST', 'PUT'],
  area,
  section: '7.43, 7.44',
  summary: 'Process group invitation by user',
  description: 'The invitee accepts or rejects; `user_id` is the inviter.',
  access: 'person',
  scope: 'groups',
  grants: [...QUEUE_GRANTS, 'query-lsi1'],
  request: () => z.object({ group_id: id<GroupId>(), user_id: id<UserId>(), approval: flag() }),
  reply: () => z.object({}),
} satisfies Operation;

export const groupInvitationList = {
  id: 'group/invitation-list',
  path: '/group/invitation_list',
  methods: ['GET'],
  area,
  section: '7.41',
  summary: 'Get group invitation list',
  description: 'Lists invitations to the actor, the newest first.',
  access: 'person',
  scope: 'read',
  grants: ['query-lsi1', 'query-lsi2'],
  page: 'counted',
  request: () => z.object({ ...paging(100) }),
  reply: () =>
    z.array(
      z.object({
        group_id: z.int(),
        inviter_id: z.int(),
        invitee_id: z.int(),
        reason: z.string(),
        status: z.int(),
        expired_time: z.int(),
        updated_at: z.string(),
      }),
    ),
} satisfies Operation;

export const groupDisplayName = {
  id: 'group/display-name',
  path: '/group/display_name',
  methods: ['POST', 'PUT'],
  area,
  section: '7.22, 7.23',
  summary: 'Update group profile',
  description: "Sets the actor's name in the group.",
  access: 'person',
  scope: 'groups',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>(), value: name(LONGEST.name) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupMembersDisplayName = {
  id: 'group/members/display-name',
  path: '/group/members/display_name',
  methods: ['POST'],
  area,
  section: '7.50',
  summary: 'Batch retrieval of group member profiles',
  description: 'Returns the profiles of those users in the list who are members.',
  access: 'anyone',
  scope: 'read',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>(), user_list: ids<UserId>(1, MOST_READ) }),
  reply: () => z.array(memberReply),
} satisfies Operation;

export const groupMsgMuteMode = {
  id: 'group/msg/mute-mode',
  path: '/group/msg/mute_mode',
  methods: ['POST', 'PUT'],
  area,
  section: '7.51, 7.52',
  summary: 'Set group message blocking mode',
  description: 'Sets which messages the actor hides.',
  access: 'person',
  scope: 'groups',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>(), msg_mute_mode: integer(0, 2) }),
  reply: () => z.object({}),
} satisfies Operation;

export const groupMsgNotDisturb = {
  id: 'group/msg/not-disturb',
  path: '/group/msg/not_disturb',
  methods: ['POST'],
  area,
  section: 'extra',
  summary: 'Set whether group messages arrive silently',
  description: 'Sets `msg_mute_mode` of the actor: 1 if the value is true, otherwise 0.',
  access: 'person',
  scope: 'groups',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>(), value: flag() }),
  reply: () => z.object({}),
} satisfies Operation;

export const groupMsgPushMode = {
  id: 'group/msg/push-mode',
  path: '/group/msg/push_mode',
  methods: ['POST', 'PUT'],
  area,
  section: '7.53, 7.54',
  summary: 'Set group message pushing mode',
  description: 'Sets which messages are pushed to the actor.',
  access: 'person',
  scope: 'groups',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>(), msg_push_mode: integer(-(2 ** 31), 2 ** 31 - 1) }),
  reply: () => z.object({}),
} satisfies Operation;

export const groupQrcodeSign = {
  id: 'group/qrcode/sign',
  path: '/group/qrcode/sign',
  methods: ['GET'],
  aliases: ['GET /app/qrcode/group_sign'],
  area,
  section: '7.57',
  summary: 'Get Group invitation QR code',
  description: 'Returns a code that admits users without approval.',
  access: 'anyone',
  scope: 'groups',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => z.object({ qr_info: z.string(), create_at: z.int(), expire_at: z.int() }),
} satisfies Operation;

export const groupQrcodeInvite = {
  id: 'group/qrcode/invite',
  path: '/group/qrcode/invite',
  methods: ['POST'],
  aliases: ['POST /app/qrcode/group_invite', 'GET /app/qrcode/group_invite'],
  area,
  section: '7.56',
  summary: 'Group invitation via QR code',
  description: 'Joins a group by a code.',
  access: 'person',
  scope: 'groups',
  grants: QUEUE_GRANTS,
  request: () => z.object({ qr_info: text(1024) }),
  reply: () => z.object({ group_id: z.int(), name: z.string() }),
} satisfies Operation;
