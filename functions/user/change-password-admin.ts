import * as z from 'zod/mini';
import { setPassword } from '../../shared/domain/user/password-change.ts';
import { operation } from '../../shared/http/operation.ts';
import { newPassword } from '../../shared/http/user-schemas.ts';

export const request = z.object({ password: newPassword() });
export const reply = z.boolean();

/** POST /user/change_password_admin — section 1.5: a new password by an admin; every device is signed out. */
export const handler = operation({ access: 'admin as person', request, reply }, (call, input) =>
  setPassword(call, input.password),
);
