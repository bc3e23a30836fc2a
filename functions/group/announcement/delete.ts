import * as z from 'zod/mini';
import { withdraw } from '../../../shared/domain/group/announcement.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), announcement_id: id() });
export const reply = z.object({});

/** POST|DELETE /group/announcement/delete — section 7.6, 7.7: deletes an announcement. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  withdraw(call, input.group_id, input.announcement_id),
);
