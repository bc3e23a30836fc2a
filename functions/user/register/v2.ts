import * as z from 'zod/mini';
import { register } from '../../../shared/domain/user/registration.ts';
import { operation } from '../../../shared/http/operation.ts';
import { newPassword, settingsReply, username } from '../../../shared/http/user-schemas.ts';

export const request = z.object({ username: username(), password: newPassword() });
export const reply = settingsReply;

/** POST /user/register/v2 — section 1.34: registers a user; answers its settings. */
export const handler = operation({ access: 'public', request, reply }, (call, input) =>
  register(call, input.username, input.password),
);
