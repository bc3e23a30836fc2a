import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userPushDetail } from '../../../shared/routes/user.ts';

export const handler = operation(userPushDetail, (call, input) =>
  changeOwnSettings(call, { no_push_detail: input.value }),
);
