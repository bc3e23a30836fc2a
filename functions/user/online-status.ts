import { onlineStatus } from '../../shared/domain/user/devices.ts';
import { operation } from '../../shared/http/operation.ts';
import { userOnlineStatus } from '../../shared/routes/user.ts';

export const handler = operation(userOnlineStatus, (call) => onlineStatus(call));
