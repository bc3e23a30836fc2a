import { loginByName } from '../../shared/domain/user/login.ts';
import { operation } from '../../shared/http/operation.ts';
import { tokenUser } from '../../shared/routes/account.ts';

export const handler = operation(tokenUser, (call, input) =>
  loginByName(call, input.name || input.mobile || '', input.password, input.device_guid),
);
