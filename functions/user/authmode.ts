import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { userAuthmode } from '../../shared/routes/user.ts';

export const handler = operation(userAuthmode, (call, input) => changeOwnSettings(call, { auth_mode: input.value }));
