import * as z from 'zod/mini';
import { unban } from '../../shared/domain/group/ban.ts';
import { entriesReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, ids, MOST_WRITTEN } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_list: ids(1, MOST_WRITTEN) });
export const reply = entriesReply;

/** POST /group/unban — section 7.73: lifts bans. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  unban(call, input.group_id, input.user_list),
);
