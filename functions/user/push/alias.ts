import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userPushAlias } from '../../../shared/routes/user.ts';

export const handler = operation(userPushAlias, (call, input) => changeOwnSettings(call, input));
