import { unbindToken } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userTokenUnbind } from '../../../shared/routes/user.ts';

export const handler = operation(userTokenUnbind, (call, input) =>
  unbindToken(call, input.deviceSn ?? input.device_sn ?? 0, input.deviceSn === undefined ? 'device_sn' : 'deviceSn'),
);
