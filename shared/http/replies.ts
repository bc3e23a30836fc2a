import * as z from 'zod/mini';

/** Replies that several operations share. The API's description gives each of them a name. */

/** The settings record (section 1.35). */
export const settingsReply = z.object({
  auth_answer: z.string(),
  auth_mode: z.int(),
  auth_question: z.string(),
  auto_download: z.boolean(),
  group_confirm: z.boolean(),
  id: z.int(),
  no_push: z.boolean(),
  no_push_detail: z.boolean(),
  no_push_end_hour: z.int(),
  no_push_start_hour: z.int(),
  no_sounds: z.boolean(),
  push_nick_name: z.string(),
  push_token: z.string(),
  silence_end_time: z.int(),
  silence_start_time: z.int(),
  user_id: z.int(),
  vibratory: z.boolean(),
});

/** A new session (token document). */
export const sessionReply = z.object({
  token: z.string(),
  user_id: z.int(),
  expire: z.int(),
  push_token: z.string(),
  encrypt_type: z.int(),
  public_key: z.string(),
  access_key_secret: z.null(),
  store_token: z.null(),
});

/** An event, in the structured JSON of CloudEvents 1.0. docs/events.md says what `data` holds. */
export const eventReply = z.object({
  specversion: z.literal('1.0'),
  id: z.string(),
  source: z.string(),
  type: z.string(),
  subject: z.string(),
  time: z.string(),
  datacontenttype: z.literal('application/json'),
  sequence: z.string(),
  authtype: z.enum(['user', 'app_as_user', 'app', 'operator', 'system']),
  authid: z.optional(z.string()),
  cause: z.string(),
  data: z.looseObject({}),
});

/** A webhook endpoint. */
export const endpointReply = z.object({
  endpoint_id: z.string(),
  url: z.string(),
  types: z.array(z.string()),
  group_id: z.int(),
  description: z.string(),
  enabled: z.boolean(),
  disabled_because: z.enum(['', 'gone', 'failing']),
  failing_since: z.int(),
  created_at: z.int(),
  updated_at: z.int(),
});

/** Result of one entry (sections 7.1, 7.12, 7.42, …). */
export const entryReply = z.object({ user_id: z.int(), result: z.enum(['success', 'fail']), reason: z.string() });
export const entriesReply = z.array(entryReply);

/** The full record of a group (section 7.31, plus `count`, `capacity` and `hide_member_info`). */
export const groupReply = z.object({
  group_id: z.int(),
  name: z.string(),
  avatar: z.string(),
  description: z.string(),
  ext: z.string(),
  type: z.int(),
  status: z.int(),
  owner_id: z.int(),
  count: z.int(),
  capacity: z.int(),
  apply_approval: z.int(),
  member_invite: z.boolean(),
  member_modify: z.boolean(),
  history_visible: z.boolean(),
  read_ack: z.boolean(),
  hide_member_info: z.boolean(),
  ban_expire_time: z.int(),
  msg_mute_mode: z.int(),
  msg_push_mode: z.int(),
  created_at: z.int(),
  updated_at: z.int(),
});

/** A member in lists (section 7.49). */
export const memberReply = z.object({ user_id: z.int(), display_name: z.string(), join_time: z.int() });

/** A file of a group (section 7.24). */
export const fileReply = z.object({
  file_id: z.int(),
  group_id: z.int(),
  name: z.string(),
  size: z.int(),
  type: z.string(),
  uploader: z.int(),
  url: z.string(),
  created_at: z.int(),
  updated_at: z.int(),
});

/** A user as another user sees it (`/roster/id`). */
export const contactReply = z.object({
  user_id: z.int(),
  username: z.string(),
  nick_name: z.string(),
  avatar: z.string(),
  description: z.string(),
  public_info: z.string(),
  auth_mode: z.int(),
  auth_question: z.string(),
  alias: z.string(),
  ext: z.string(),
  mute_notification: z.boolean(),
  relation: z.int(),
});

/** An announcement (section 7.5). */
export const announcementReply = z.object({
  id: z.int(),
  group_id: z.int(),
  title: z.string(),
  content: z.string(),
  author: z.int(),
  created_at: z.int(),
});

/** A form upload: all fields of `oss_body_param` go into the form, then the file. */
export const uploadFormReply = z.object({
  upload_url: z.string(),
  upload_method: z.literal('POST'),
  oss_body_param: z.record(z.string(), z.string()),
  direct_url: z.string(),
  download_url: z.string(),
});

/** The target of a redirect. */
export const redirectReply = z.object({ url: z.string() });
