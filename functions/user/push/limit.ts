import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userPushLimit } from '../../../shared/routes/user.ts';

export const handler = operation(userPushLimit, (call, input) => changeOwnSettings(call, input));
