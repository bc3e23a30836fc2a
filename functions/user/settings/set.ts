import * as z from 'zod/mini';
import { changeSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { flag, id, integer, LONGEST, name, text } from '../../../shared/http/parameters.ts';

const on = () => z.optional(flag());
const hour = () => z.optional(integer(0, 23));

export const request = z.object({
  user_id: id(),
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
});
export const reply = z.boolean();

/** PUT|POST /user/settings — section 1.36: changes the fields that came; an admin token may name any user. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { user_id, ...change }) =>
  changeSettings(call, user_id, change),
);
