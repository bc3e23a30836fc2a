import { setMobile } from '../../shared/domain/user/identity.ts';
import { operation } from '../../shared/http/operation.ts';
import { userMobile } from '../../shared/routes/user.ts';

export const handler = operation(userMobile, (call, input) => setMobile(call, input.mobile));
