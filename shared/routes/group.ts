import * as z from 'zod/mini';
import {
  bytes,
  duration,
  flag,
  id,
  ids,
  integer,
  LONGEST,
  MOST_READ,
  MOST_WRITTEN,
  paging,
  text,
  title,
  url,
} from '../http/parameters.ts';
import { announcementReply, entryReply, groupReply } from '../http/replies.ts';
import type { GroupId, UserId } from '../ids.ts';
import type { Operation } from './operation.ts';

const area = 'group';

export const groupCreate = {
  id: 'group/create',
  path: '/group/create',
  methods: ['POST'],
  area,
  section: '7.19',
  summary: 'Create group',
  description: 'The actor becomes owner and first member; the users in `user_list` are invited.',
  access: 'person',
  scope: 'groups',
  grants: ['put', 'check'],
  idempotent: true,
  request: () =>
    z.object({
      name: title(LONGEST.name),
      avatar: z._default(url(), ''),
      description: z._default(text(LONGEST.description), ''),
      type: z._default(integer(0, 2), 0),
      user_list: z._default(ids<UserId>(0, MOST_WRITTEN), []),
    }),
  reply: () => groupReply,
} satisfies Operation;

export const groupDestroy = {
  id: 'group/destroy',
  path: '/group/destroy',
  methods: ['POST', 'DELETE'],
  parameters: 'query',
  area,
  section: '7.20, 7.21',
  summary: 'Disband group',
  description: 'Dissolves the group for all members at once.',
  access: 'anyone',
  scope: 'groups',
  grants: ['put', 'delete', 'check'],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupInfo = {
  id: 'group/info',
  path: '/group/info',
  methods: ['GET'],
  area,
  section: '7.31',
  summary: 'Get group information by group id',
  description: 'Returns the full record to any actor of the app.',
  access: 'anyone',
  scope: 'read',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => groupReply,
} satisfies Operation;

export const groupSettings = {
  id: 'group/settings',
  path: '/group/settings',
  methods: ['GET'],
  area,
  section: '7.58',
  summary: 'Get group settings',
  description: 'Returns the full record to members.',
  access: 'anyone',
  scope: 'read',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => groupReply,
} satisfies Operation;

export const groupUserJoined = {
  id: 'group/user-joined',
  path: '/group/user_joined',
  methods: ['GET'],
  area,
  section: '7.76',
  summary: 'Get the list of groups for the user',
  description: "Lists the ids of the actor's groups, in order of joining.",
  access: 'person',
  scope: 'read',
  grants: ['query', 'query-lsi1'],
  request: () => z.object({}),
  reply: () => z.array(z.int()),
} satisfies Operation;

export const groupTransfer = {
  id: 'group/transfer',
  path: '/group/transfer',
  methods: ['POST', 'PUT'],
  area,
  section: '7.71, 7.72',
  summary: 'Transfer of group Owner',
  description: 'A member becomes the owner, and the old owner a plain member.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), new_owner: id<UserId>() }),
  reply: () => entryReply,
} satisfies Operation;

export const groupInfoName = {
  id: 'group/info/name',
  path: '/group/info/name',
  methods: ['POST', 'PUT'],
  area,
  section: '7.39, 7.40',
  summary: 'Update group name',
  description: 'Changes the name and returns the full record.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: title(LONGEST.name) }),
  reply: () => groupReply,
} satisfies Operation;

export const groupInfoAvatar = {
  id: 'group/info/avatar',
  path: '/group/info/avatar',
  methods: ['POST', 'PUT'],
  area,
  section: '7.32, 7.33',
  summary: 'Update group avatar',
  description: 'Changes the avatar and returns the full record.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: url() }),
  reply: () => groupReply,
} satisfies Operation;

export const groupInfoDescription = {
  id: 'group/info/description',
  path: '/group/info/description',
  methods: ['POST', 'PUT'],
  area,
  section: '7.35, 7.36',
  summary: 'Update group description',
  description: 'Changes the description and returns the full record.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: text(LONGEST.description) }),
  reply: () => groupReply,
} satisfies Operation;

export const groupInfoExt = {
  id: 'group/info/ext',
  path: '/group/info/ext',
  methods: ['POST', 'PUT'],
  area,
  section: '7.37, 7.38',
  summary: 'Update extension information',
  description: 'Changes the extension information and returns the full record.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: bytes(LONGEST.infoBytes) }),
  reply: () => groupReply,
} satisfies Operation;

export const groupInfoBatch = {
  id: 'group/info/batch',
  path: '/group/info/batch',
  methods: ['POST'],
  area,
  section: '7.34',
  summary: 'Get group information by group ids',
  description: 'Returns several groups; an avatar longer than its share of 6 MB is empty.',
  access: 'anyone',
  scope: 'read',
  grants: [],
  request: () => z.object({ group_list: ids<GroupId>(1, MOST_READ) }),
  reply: () =>
    z.array(
      z.object({
        group_id: z.int(),
        name: z.string(),
        avatar: z.string(),
        type: z.int(),
        status: z.int(),
        owner: z.int(),
        count: z.int(),
        capacity: z.int(),
        apply_approval: z.int(),
        msg_mute_mode: z.int(),
        msg_push_mode: z.int(),
      }),
    ),
} satisfies Operation;

export const groupSettingsAllowMemberInvitation = {
  id: 'group/settings/allow-member-invitation',
  path: '/group/settings/allow_member_invitation',
  methods: ['POST', 'PUT'],
  area,
  section: '7.59, 7.60',
  summary: 'Update group settings - whether to allow member invitations',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupSettingsAllowMemberModify = {
  id: 'group/settings/allow-member-modify',
  path: '/group/settings/allow_member_modify',
  methods: ['POST', 'PUT'],
  area,
  section: '7.61, 7.62',
  summary: 'Update group settings - whether group members can modify group information',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupSettingsBanAll = {
  id: 'group/settings/ban-all',
  path: '/group/settings/ban_all',
  methods: ['POST'],
  area,
  section: '7.63',
  summary: 'Ban all members, only Admins can send messages',
  description: 'Only admins may speak for the given number of minutes.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), duration: duration() }),
  reply: () => z.object({ ban_expire_time: z.int() }),
} satisfies Operation;

export const groupSettingsEnableReadAck = {
  id: 'group/settings/enable-read-ack',
  path: '/group/settings/enable_read_ack',
  methods: ['POST', 'PUT'],
  area,
  section: '7.64, 7.65',
  summary: 'Update group settings - whether to enable mark after read',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupSettingsHideMemberInfo = {
  id: 'group/settings/hide-member-info',
  path: '/group/settings/hide_member_info',
  methods: ['POST'],
  area,
  section: 'extra',
  summary: 'Update group settings - whether only admins see the members',
  description:
    'While it is on, `member_list`, `members/display_name` and `admin_list` answer admins and the owner only.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupSettingsHistoryVisible = {
  id: 'group/settings/history-visible',
  path: '/group/settings/history_visible',
  methods: ['POST', 'PUT'],
  area,
  section: '7.66, 7.67',
  summary: 'Update group settings - whether group chat history visible to new members',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupSettingsRequireAdminApproval = {
  id: 'group/settings/require-admin-approval',
  path: '/group/settings/require_admin_approval',
  methods: ['POST', 'PUT'],
  area,
  section: '7.68, 7.69',
  summary: 'Update group settings - whether group membership request needs Admin approval',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>(), apply_approval: integer(0, 2) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupSettingsUnbanAll = {
  id: 'group/settings/unban-all',
  path: '/group/settings/unban_all',
  methods: ['POST'],
  area,
  section: '7.70',
  summary: 'Unban all members',
  description: 'All members may speak again.',
  access: 'anyone',
  scope: 'groups',
  grants: ['check'],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const groupPublicList = {
  id: 'group/public-list',
  path: '/group/public_list',
  methods: ['GET'],
  area,
  section: '7.55',
  summary: 'Get public group list',
  description: 'Lists public groups, the newest first.',
  access: 'anyone',
  scope: 'read',
  grants: ['query'],
  page: 'uncounted',
  request: () => z.object({ ...paging(1000) }),
  reply: () => z.array(z.int()),
} satisfies Operation;

export const groupAnnouncement = {
  id: 'group/announcement',
  path: '/group/announcement',
  methods: ['GET'],
  area,
  section: '7.5',
  summary: 'Get group announcement details by group id and announcement id',
  description: 'Returns one announcement.',
  access: 'anyone',
  scope: 'read',
  grants: [],
  request: () => z.object({ group_id: id<GroupId>(), announcement_id: id() }),
  reply: () => announcementReply,
} satisfies Operation;

export const groupAnnouncementDelete = {
  id: 'group/announcement/delete',
  path: '/group/announcement/delete',
  methods: ['POST', 'DELETE'],
  parameters: 'query',
  area,
  section: '7.6, 7.7',
  summary: 'Delete group announcement',
  description: 'Deletes an announcement.',
  access: 'anyone',
  scope: 'groups',
  grants: ['delete', 'check'],
  request: () => z.object({ group_id: id<GroupId>(), announcement_id: id() }),
  reply: () => z.object({}),
} satisfies Operation;

export const groupAnnouncementEdit = {
  id: 'group/announcement/edit',
  path: '/group/announcement/edit',
  methods: ['POST'],
  area,
  section: '7.8',
  summary: 'Edit group announcement',
  description: 'Publishes a new announcement.',
  access: 'anyone',
  scope: 'groups',
  grants: ['query', 'put', 'delete', 'check'],
  idempotent: true,
  request: () =>
    z.object({
      group_id: id<GroupId>(),
      title: title(LONGEST.title),
      content: title(LONGEST.content),
    }),
  reply: () => announcementReply,
} satisfies Operation;

export const groupAnnouncementLast = {
  id: 'group/announcement/last',
  path: '/group/announcement/last',
  methods: ['GET'],
  area,
  section: '7.9',
  summary: 'Get the latest group announcement details',
  description: 'Returns the latest announcement.',
  access: 'anyone',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => announcementReply,
} satisfies Operation;

export const groupAnnouncementList = {
  id: 'group/announcement/list',
  path: '/group/announcement/list',
  methods: ['GET'],
  area,
  section: '7.10',
  summary: 'Get group announcements list',
  description: 'Lists the announcements, the oldest first. Where they exceed 6 MB, it lists the newest that fit.',
  access: 'anyone',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({ group_id: id<GroupId>() }),
  reply: () => z.array(announcementReply),
} satisfies Operation;
