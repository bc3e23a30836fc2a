import * as z from 'zod/mini';
import { removeDevice } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ device_sn: id() });
export const reply = z.boolean();

/** DELETE|POST /user/device/remove — section 1.8: forgets a device and revokes its session. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  removeDevice(call, input.device_sn),
);
