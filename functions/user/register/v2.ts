import { register } from '../../../shared/domain/user/registration.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userRegisterV2 } from '../../../shared/routes/account.ts';

export const handler = operation(userRegisterV2, (call, input) => register(call, input.username, input.password));
