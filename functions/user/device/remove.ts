import { removeDevice } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userDeviceRemove } from '../../../shared/routes/user.ts';

export const handler = operation(userDeviceRemove, (call, input) => removeDevice(call, input.device_sn));
