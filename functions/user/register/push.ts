import { register } from '../../../shared/domain/user/registration.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userRegisterPush } from '../../../shared/routes/account.ts';

export const handler = operation(userRegisterPush, (call, input) =>
  register(call, input.username, input.password, input),
);
