import { changePassword } from '../../shared/domain/user/password-change.ts';
import { operation } from '../../shared/http/operation.ts';
import { userChangePassword } from '../../shared/routes/user.ts';

export const handler = operation(userChangePassword, (call, input) => changePassword(call, input));
