import { deviceList } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userDeviceList } from '../../../shared/routes/user.ts';

export const handler = operation(userDeviceList, (call) => deviceList(call));
