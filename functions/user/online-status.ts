import * as z from 'zod/mini';
import { onlineStatus } from '../../shared/domain/user/devices.ts';
import { operation } from '../../shared/http/operation.ts';

export const request = z.object({});
export const reply = z.object({ online: z.boolean() });

/** GET /user/online_status — section 1.16: whether the actor is online. */
export const handler = operation({ access: 'person', request, reply }, (call) => onlineStatus(call));
