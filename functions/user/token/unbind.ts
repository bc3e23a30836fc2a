import * as z from 'zod/mini';
import { unbindToken } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ deviceSn: z.optional(id()), device_sn: z.optional(id()) }).check(
  z.refine((given) => (given.deviceSn ?? given.device_sn) !== undefined, {
    message: 'is required',
    path: ['deviceSn'],
  }),
);
export const reply = z.object({});

/** DELETE|POST /user/token/unbind — section 1.39: unbinds a device's push token. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  unbindToken(call, input.deviceSn ?? input.device_sn ?? 0, input.deviceSn === undefined ? 'device_sn' : 'deviceSn'),
);
