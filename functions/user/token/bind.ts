import { bindToken } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userTokenBind } from '../../../shared/routes/user.ts';

export const handler = operation(userTokenBind, (call, input) =>
  bindToken(call, input.device_sn, input.device_token, input.notifier_name),
);
