import { setPassword } from '../../shared/domain/user/password-change.ts';
import { operation } from '../../shared/http/operation.ts';
import { userChangePasswordAdmin } from '../../shared/routes/user.ts';

export const handler = operation(userChangePasswordAdmin, (call, input) => setPassword(call, input.password));
