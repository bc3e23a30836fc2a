import * as z from 'zod/mini';
import { kick } from '../../shared/domain/group/departure.ts';
import { entriesReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, ids, MOST_WRITTEN } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_list: ids(1, MOST_WRITTEN) });
export const reply = entriesReply;

/** POST|DELETE /group/kick — section 7.45, 7.46: takes members out of the group. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  kick(call, input.group_id, input.user_list),
);
