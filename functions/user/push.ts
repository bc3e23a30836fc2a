import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { userPush } from '../../shared/routes/user.ts';

export const handler = operation(userPush, (call, input) => changeOwnSettings(call, { no_push: input.value }));
