import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userPushNickname } from '../../../shared/routes/user.ts';

export const handler = operation(userPushNickname, (call, input) =>
  changeOwnSettings(call, { push_nick_name: input.value }),
);
