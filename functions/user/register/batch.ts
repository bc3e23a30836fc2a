import * as z from 'zod/mini';
import { registerBatch } from '../../../shared/domain/user/registration.ts';
import { batch, entryOf } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { newPassword, username } from '../../../shared/http/user-schemas.ts';

/** An entry of `list`, checked one by one. */
export const entry = z.object({ username: username(), password: newPassword() });
export const request = batch({ username: z.string('must be text') });
export const reply = z.array(
  z.object({ user_id: z.int(), username: z.string(), success: z.boolean(), reason: z.string() }),
);

/** POST /user/register/batch — section 1.32: registers up to 100 users, each on its own. */
export const handler = operation({ access: 'admin', request, reply }, (call, input) =>
  registerBatch(
    call,
    input.list.map((given) => {
      const { value, error } = entryOf(entry, given);
      return { username: value?.username ?? given.username, password: value?.password ?? '', error };
    }),
  ),
);
