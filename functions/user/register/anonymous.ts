import { registerGuest } from '../../../shared/domain/user/registration.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userRegisterAnonymous } from '../../../shared/routes/account.ts';

export const handler = operation(userRegisterAnonymous, (call, input) =>
  registerGuest(call, input.username, input.password),
);
