import * as z from 'zod/mini';
import { register } from '../../../shared/domain/user/registration.ts';
import { operation } from '../../../shared/http/operation.ts';
import { LONGEST, name, text } from '../../../shared/http/parameters.ts';
import { deviceGuid, newPassword, settingsReply, username } from '../../../shared/http/user-schemas.ts';

export const request = z.object({
  username: username(),
  password: newPassword(),
  alias: z.optional(name(LONGEST.name)),
  push_token: z.optional(text(LONGEST.reason)),
  device_guid: deviceGuid(),
  sign: z.optional(text(LONGEST.url)),
});
export const reply = settingsReply;

/** POST /user/register/push — section 1.33: registers a user and binds alias and push token. */
export const handler = operation({ access: 'public', request, reply }, (call, input) =>
  register(call, input.username, input.password, input),
);
