import * as z from 'zod/mini';
import { kickDevice } from '../../shared/domain/user/devices.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ device_sn: z.optional(id()) });
export const reply = z.boolean();

/** PUT|POST /user/kick — section 1.12: revokes the session of a device, or of all. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  kickDevice(call, input.device_sn),
);
