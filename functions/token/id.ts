import { loginById } from '../../shared/domain/user/login.ts';
import { operation } from '../../shared/http/operation.ts';
import { tokenId } from '../../shared/routes/account.ts';

export const handler = operation(tokenId, (call, input) =>
  loginById(call, input.user_id, input.password, input.device_guid),
);
