import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userPushBadge } from '../../../shared/routes/user.ts';

export const handler = operation(userPushBadge, (call, input) => changeOwnSettings(call, input));
