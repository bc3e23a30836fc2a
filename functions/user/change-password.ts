import * as z from 'zod/mini';
import { changePassword } from '../../shared/domain/user/password-change.ts';
import { operation } from '../../shared/http/operation.ts';
import { newPassword, password } from '../../shared/http/user-schemas.ts';

export const request = z.object({ old_password: password(), new_password: newPassword() });
export const reply = z.boolean();

/** POST /user/change_password — section 1.4: a new password; every other device is signed out. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changePassword(call, input));
