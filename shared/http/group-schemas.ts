import * as z from 'zod/mini';

/** Schemas that several operations on groups share. */

/** Result of one entry (sections 7.1, 7.12, 7.42, …). */
export const entryReply = z.object({ user_id: z.int(), result: z.enum(['success', 'fail']), reason: z.string() });
export const entriesReply = z.array(entryReply);

/** The full record of a group (section 7.31, plus `count` and `capacity`). */
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
  ban_expire_time: z.int(),
  msg_mute_mode: z.int(),
  msg_push_mode: z.int(),
  created_at: z.int(),
  updated_at: z.int(),
});

/** A member in lists (section 7.49). */
export const memberReply = z.object({ user_id: z.int(), display_name: z.string(), join_time: z.int() });

/** A file that a group shares (section 7.24). */
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

/** An announcement (section 7.5). */
export const announcementReply = z.object({
  id: z.int(),
  group_id: z.int(),
  title: z.string(),
  content: z.string(),
  author: z.int(),
  created_at: z.int(),
});
