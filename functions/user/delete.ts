import * as z from 'zod/mini';
import { deleteUser } from '../../shared/domain/user/deletion.ts';
import { operation } from '../../shared/http/operation.ts';
import { password } from '../../shared/http/user-schemas.ts';

export const request = z.object({ password: z.optional(password()) });
export const reply = z.boolean();

/** DELETE|POST /user/delete — section 1.6: deletes the actor; a user token needs the password. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  deleteUser(call, input.password),
);
