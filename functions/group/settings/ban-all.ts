import * as z from 'zod/mini';
import { banAll } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { duration, id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), duration: duration() });
export const reply = z.object({ ban_expire_time: z.int() });

/** POST /group/settings/ban_all — section 7.63: only admins may speak for so many minutes. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  banAll(call, input.group_id, input.duration),
);
