import * as z from 'zod/mini';
import { deviceList } from '../../../shared/domain/user/devices.ts';
import { operation } from '../../../shared/http/operation.ts';

export const request = z.object({});
export const reply = z.array(
  z.object({ device_sn: z.int(), platform: z.int(), user_agent: z.string(), user_id: z.int() }),
);

/** GET /user/device/list — section 1.7: the actor's devices. */
export const handler = operation({ access: 'person', request, reply }, (call) => deviceList(call));
