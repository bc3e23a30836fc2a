import * as z from 'zod/mini';
import { batch, MOST_BATCH_BODY } from '../http/batch.ts';
import {
  bytes,
  flag,
  id,
  ids,
  integer,
  LONGEST,
  list,
  MOST_WRITTEN,
  name,
  text,
  title,
  url,
} from '../http/parameters.ts';
import { settingsReply } from '../http/replies.ts';
import { identity, mobileNumber, newPassword, password, username } from '../http/user-schemas.ts';
import type { UserId } from '../ids.ts';
import { type Operation, PASSWORD_MEMORY } from './operation.ts';

const area = 'user';

export const userAuthmode = {
  id: 'user/authmode',
  path: '/user/authmode',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.1',
  summary: 'Set how to validate when adding friend',
  description: 'Sets how friends are verified.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: integer(0, 3) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userAvatar = {
  id: 'user/avatar',
  path: '/user/avatar',
  methods: ['PUT', 'POST'],
  area,
  section: '1.2',
  summary: 'Set avatar',
  description: 'Sets the address of the avatar.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ avatar: url() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userAvatarBatch = {
  id: 'user/avatar/batch',
  path: '/user/avatar/batch',
  methods: ['PUT', 'POST'],
  area,
  section: '1.3',
  summary: 'Set avatar in batch',
  description: 'Sets the avatars of up to 100 users, which succeed or fail one by one.',
  access: 'admin',
  scope: 'users',
  grants: ['check'],
  timeout: 25,
  mostBody: MOST_BATCH_BODY,
  request: () => batch({ user_id: id<UserId>() }),
  entry: () => z.object({ avatar: url() }),
  reply: () => z.array(z.object({ user_id: z.int(), success: z.boolean(), reason: z.string() })),
} satisfies Operation;

export const userChangePassword = {
  id: 'user/change-password',
  path: '/user/change_password',
  methods: ['POST'],
  area,
  section: '1.4',
  summary: 'Modify password',
  description: 'Sets a new password; every other device is signed out.',
  access: 'person',
  scope: 'users',
  grants: ['put'],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ old_password: password(), new_password: newPassword() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userChangePasswordAdmin = {
  id: 'user/change-password-admin',
  path: '/user/change_password_admin',
  methods: ['POST'],
  area,
  section: '1.5',
  summary: 'Administrator change password',
  description: 'Sets a new password; every device is signed out.',
  access: 'admin as person',
  scope: 'login',
  grants: [],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ password: newPassword() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userDelete = {
  id: 'user/delete',
  path: '/user/delete',
  methods: ['DELETE', 'POST'],
  area,
  section: '1.6',
  summary: 'Delete users',
  description: 'Deletes the actor; a user token needs the password.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete', 'check'],
  memory: PASSWORD_MEMORY,
  request: () => z.object({ password: z.optional(password()) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userDeviceList = {
  id: 'user/device/list',
  path: '/user/device/list',
  methods: ['GET'],
  area,
  section: '1.7',
  summary: 'Device list',
  description: "Lists the actor's devices.",
  access: 'person',
  scope: 'read',
  grants: ['query'],
  page: 'uncounted',
  request: () => z.object({}),
  reply: () => z.array(z.object({ device_sn: z.int(), platform: z.int(), user_agent: z.string(), user_id: z.int() })),
} satisfies Operation;

export const userDeviceRemove = {
  id: 'user/device/remove',
  path: '/user/device/remove',
  methods: ['DELETE', 'POST'],
  parameters: 'query',
  area,
  section: '1.8',
  summary: 'Delete device',
  description: 'Deletes a device and revokes its session.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete'],
  request: () => z.object({ device_sn: id() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userIdentityList = {
  id: 'user/identity/list',
  path: '/user/identity/list',
  methods: ['GET'],
  area,
  section: 'token',
  summary: 'List identities',
  description: 'The identities of issuers by which the user can log in: see `/token/exchange`.',
  access: 'person',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({}),
  reply: () => z.array(z.object({ issuer: z.string(), subject: z.string(), created_at: z.int() })),
} satisfies Operation;

export const userIdentityBind = {
  id: 'user/identity/bind',
  path: '/user/identity/bind',
  methods: ['POST'],
  area,
  section: 'token',
  summary: 'Bind identity',
  description: 'From now on, tokens of the issuer about the subject log in as the user.',
  access: 'admin',
  scope: 'login',
  grants: ['put', 'update'],
  request: () => z.extend(identity(), { user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userIdentityUnbind = {
  id: 'user/identity/unbind',
  path: '/user/identity/unbind',
  methods: ['POST'],
  area,
  section: 'token',
  summary: 'Unbind identity',
  description: 'Tokens of the issuer about the subject no longer log in as the user. Sessions stay alive.',
  access: 'admin',
  scope: 'login',
  grants: ['update', 'delete'],
  request: () => z.extend(identity(), { user_id: id<UserId>() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userDisable = {
  id: 'user/disable',
  path: '/user/disable',
  methods: ['PUT'],
  area,
  section: '1.9',
  summary: 'Banned user',
  description: 'Disables all users of the list or none of them.',
  access: 'admin',
  scope: 'users',
  grants: [],
  request: () => z.object({ list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userDownload = {
  id: 'user/download',
  path: '/user/download',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.10',
  summary: 'Set whether to download thumbnails and files automatically',
  description: 'Sets whether to download automatically.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userEnable = {
  id: 'user/enable',
  path: '/user/enable',
  methods: ['PUT'],
  area,
  section: '1.11',
  summary: 'Unbanned user',
  description: 'Enables all users of the list or none of them.',
  access: 'admin',
  scope: 'users',
  grants: [],
  request: () => z.object({ list: ids<UserId>(1, MOST_WRITTEN) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userKick = {
  id: 'user/kick',
  path: '/user/kick',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.12',
  summary: 'Kick specified device',
  description: 'Revokes the session of one device, or of all devices.',
  access: 'person',
  scope: 'users',
  grants: [],
  request: () => z.object({ device_sn: z.optional(id()) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userList = {
  id: 'user/list',
  path: '/user/list',
  methods: ['GET'],
  area,
  section: '1.13',
  summary: 'List all users under the APP',
  description: 'Lists the users of the app in order of registration.',
  access: 'admin',
  scope: 'read',
  grants: ['query'],
  timeout: 25,
  page: 'uncounted',
  request: () =>
    z.object({
      page_num: z._default(integer(1, 2 ** 31 - 1), 1),
      page_size: z._default(integer(1, 500), 50),
      cursor: z.optional(text(1024)),
    }),
  reply: () => z.array(z.object({ status: z.int(), user_id: z.int(), username: z.string() })),
} satisfies Operation;

export const userMobile = {
  id: 'user/mobile',
  path: '/user/mobile',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.14',
  summary: 'Set mobile number',
  description: 'Sets the mobile number, which is unique in the app.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete'],
  request: () =>
    z.object({
      mobile: mobileNumber(),
    }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userNickname = {
  id: 'user/nickname',
  path: '/user/nickname',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.15',
  summary: 'Set nickname',
  description: 'Sets the nickname.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ nick_name: name(LONGEST.name) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userOnlineStatus = {
  id: 'user/online-status',
  path: '/user/online_status',
  methods: ['GET'],
  area,
  section: '1.16',
  summary: 'Query user online status',
  description: 'Returns whether the actor is online.',
  access: 'person',
  scope: 'read',
  grants: ['query'],
  request: () => z.object({}),
  reply: () => z.object({ online: z.boolean() }),
} satisfies Operation;

export const userPrivate = {
  id: 'user/private',
  path: '/user/private',
  methods: ['PUT', 'POST'],
  area,
  section: '1.17',
  summary: 'Set private extension information',
  description: 'Sets extension information that only the user sees; the whole body is the value.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  rawBody: true,
  request: () => z.object({ body: bytes(LONGEST.infoBytes) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userProfileGet = {
  id: 'user/profile/get',
  path: '/user/profile',
  methods: ['GET'],
  area,
  section: '1.18',
  summary: 'Get user information',
  description: "Returns the actor's profile.",
  access: 'person',
  scope: 'read',
  grants: [],
  request: () => z.object({}),
  reply: () =>
    z.object({
      user_id: z.int(),
      username: z.string(),
      mobile: z.string(),
      nick_name: z.string(),
      avatar: z.string(),
      description: z.string(),
      email: z.string(),
      private_info: z.string(),
      public_info: z.string(),
    }),
} satisfies Operation;

export const userProfileSet = {
  id: 'user/profile/set',
  path: '/user/profile',
  methods: ['PUT', 'POST'],
  area,
  section: '1.19',
  summary: 'Update user information',
  description: 'Changes the given fields.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () =>
    z.object({
      description: z.optional(text(LONGEST.description)),
      nick_name: z.optional(name(LONGEST.name)),
      private_info: z.optional(bytes(LONGEST.infoBytes)),
      public_info: z.optional(bytes(LONGEST.infoBytes)),
    }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userProfileBatch = {
  id: 'user/profile/batch',
  path: '/user/profile/batch',
  methods: ['PUT', 'POST'],
  area,
  section: '1.20',
  summary: 'Update user information in batch',
  description: 'Changes the profiles of up to 100 users, which succeed or fail one by one.',
  access: 'admin',
  scope: 'users',
  grants: ['check'],
  timeout: 25,
  mostBody: MOST_BATCH_BODY,
  request: () => batch({ user_id: id<UserId>() }),
  entry: () =>
    z.object({
      description: z.optional(text(LONGEST.description)),
      nick_name: z.optional(name(LONGEST.name)),
      private_info: z.optional(bytes(LONGEST.infoBytes)),
      public_info: z.optional(bytes(LONGEST.infoBytes)),
    }),
  reply: () => z.array(z.object({ user_id: z.int(), success: z.boolean(), reason: z.string() })),
} satisfies Operation;

export const userPublic = {
  id: 'user/public',
  path: '/user/public',
  methods: ['PUT', 'POST'],
  area,
  section: '1.21',
  summary: 'Set public extension information',
  description: 'Sets extension information that everybody sees; the whole body is the value.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  rawBody: true,
  request: () => z.object({ body: bytes(LONGEST.infoBytes) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPush = {
  id: 'user/push',
  path: '/user/push',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.22',
  summary: 'Set whether to turn off push',
  description: 'Turns push off or on.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushAlias = {
  id: 'user/push/alias',
  path: '/user/push/alias',
  methods: ['POST'],
  area,
  section: '1.23',
  summary: 'Bind alias',
  description: 'Binds an alias, and a push token if one is given.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ alias: title(LONGEST.name), push_token: z.optional(text(LONGEST.reason)) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushBadge = {
  id: 'user/push/badge',
  path: '/user/push/badge',
  methods: ['POST'],
  area,
  section: '1.24',
  summary: 'Set badge',
  description: 'Sets the number that the app icon shows.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ badge: integer(0, 2 ** 31 - 1) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushDetail = {
  id: 'user/push/detail',
  path: '/user/push/detail',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.25',
  summary: 'Set whether to turn off push details',
  description: 'Turns push details off or on.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushLimit = {
  id: 'user/push/limit',
  path: '/user/push/limit',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.26',
  summary: 'Set push no-disturb time',
  description: 'Sets the hours without push.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ no_push_start_hour: integer(0, 23), no_push_end_hour: integer(0, 23) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushNickname = {
  id: 'user/push/nickname',
  path: '/user/push/nickname',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.27',
  summary: 'Set push nickname',
  description: 'Sets the name that push messages show.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: name(LONGEST.name) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushTagGet = {
  id: 'user/push/tag/get',
  path: '/user/push/tag',
  methods: ['GET'],
  area,
  section: '1.28',
  summary: 'Get tag',
  description: "Returns the actor's tags.",
  access: 'person',
  scope: 'read',
  grants: [],
  request: () => z.object({}),
  reply: () => z.array(z.string()),
} satisfies Operation;

export const userPushTagBind = {
  id: 'user/push/tag/bind',
  path: '/user/push/tag',
  methods: ['POST'],
  area,
  section: '1.29',
  summary: 'Bind tag',
  description: 'Binds tags.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'check'],
  request: () => z.object({ tags: list(title(LONGEST.tag), 1, MOST_WRITTEN) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushTagUnbind = {
  id: 'user/push/tag/unbind',
  path: '/user/push/tag',
  methods: ['DELETE'],
  area,
  section: '1.30',
  summary: 'Delete tag',
  description: 'Removes tags.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'check'],
  request: () => z.object({ tags: list(title(LONGEST.tag), 1, MOST_WRITTEN) }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userPushTagAll = {
  id: 'user/push/tag/all',
  path: '/user/push/tag/all',
  methods: ['DELETE'],
  area,
  section: '1.31',
  summary: 'Delete all tags',
  description: 'Removes all tags.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'check'],
  request: () => z.object({}),
  reply: () => z.boolean(),
} satisfies Operation;

export const userSettingsGet = {
  id: 'user/settings/get',
  path: '/user/settings',
  methods: ['GET'],
  area,
  section: '1.35',
  summary: 'Get user settings',
  description: "Returns the actor's settings.",
  access: 'person',
  scope: 'read',
  grants: [],
  request: () => z.object({}),
  reply: () => settingsReply,
} satisfies Operation;

const on = () => z.optional(flag());

const hour = () => z.optional(integer(0, 23));

export const userSettingsSet = {
  id: 'user/settings/set',
  path: '/user/settings',
  methods: ['PUT', 'POST'],
  area,
  section: '1.36',
  summary: 'Modify user settings',
  description: 'Changes the given fields; an admin token may name any user.',
  access: 'anyone',
  scope: 'users',
  grants: ['check'],
  request: () =>
    z.object({
      user_id: id<UserId>(),
      auth_answer: z.optional(text(LONGEST.description)),
      auth_mode: z.optional(integer(0, 3)),
      auth_question: z.optional(text(LONGEST.description)),
      auto_download: on(),
      group_confirm: on(),
      no_push: on(),
      no_push_detail: on(),
      no_push_end_hour: hour(),
      no_push_start_hour: hour(),
      no_sounds: on(),
      push_nick_name: z.optional(name(LONGEST.name)),
      push_token: z.optional(text(LONGEST.reason)),
      silence_end_time: hour(),
      silence_start_time: hour(),
      vibratory: on(),
    }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userSounds = {
  id: 'user/sounds',
  path: '/user/sounds',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.37',
  summary: 'Set whether to mute sound alert for new message',
  description: 'Sets whether messages arrive without a sound.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userTokenBind = {
  id: 'user/token/bind',
  path: '/user/token/bind',
  methods: ['PUT', 'POST'],
  area,
  section: '1.38',
  summary: 'Bind token',
  description: "Binds a push service's token to a device.",
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete'],
  request: () =>
    z.object({
      device_sn: id(),
      device_token: title(LONGEST.url),
      notifier_name: title(LONGEST.name),
    }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userTokenUnbind = {
  id: 'user/token/unbind',
  path: '/user/token/unbind',
  methods: ['DELETE', 'POST'],
  parameters: 'query',
  area,
  section: '1.39',
  summary: 'Unbind token',
  description: "Unbinds a device's push token.",
  access: 'person',
  scope: 'users',
  grants: ['delete'],
  request: () =>
    z.object({ deviceSn: z.optional(id()), device_sn: z.optional(id()) }).check(
      z.refine((given) => (given.deviceSn ?? given.device_sn) !== undefined, {
        message: 'is required',
        path: ['deviceSn'],
      }),
    ),
  reply: () => z.object({}),
} satisfies Operation;

export const userUsername = {
  id: 'user/username',
  path: '/user/username',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.40',
  summary: 'Modify username',
  description: 'Changes the username; the old one is free at once.',
  access: 'person',
  scope: 'users',
  grants: ['put', 'delete'],
  request: () => z.object({ username: username() }),
  reply: () => z.boolean(),
} satisfies Operation;

export const userVibratory = {
  id: 'user/vibratory',
  path: '/user/vibratory',
  methods: ['PUT', 'POST'],
  parameters: 'query',
  area,
  section: '1.41',
  summary: 'Set whether to vibrate alert for new message',
  description: 'Sets whether messages vibrate.',
  access: 'person',
  scope: 'users',
  grants: ['check'],
  request: () => z.object({ value: flag() }),
  reply: () => z.boolean(),
} satisfies Operation;
