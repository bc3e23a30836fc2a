import { kickDevice } from '../../shared/domain/user/devices.ts';
import { operation } from '../../shared/http/operation.ts';
import { userKick } from '../../shared/routes/user.ts';

export const handler = operation(userKick, (call, input) => kickDevice(call, input.device_sn));
