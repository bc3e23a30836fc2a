import { loginByName } from '../../shared/domain/user/login.ts';
import { operation } from '../../shared/http/operation.ts';
import { tokenLogin } from '../../shared/routes/account.ts';

export const handler = operation(tokenLogin, (call, input) =>
  loginByName(call, input.login_name, input.password, input.device_guid),
);
