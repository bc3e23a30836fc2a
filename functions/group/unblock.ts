import * as z from 'zod/mini';
import { unblock } from '../../shared/domain/group/block.ts';
import { entriesReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, ids, MOST_WRITTEN } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_list: ids(1, MOST_WRITTEN) });
export const reply = entriesReply;

/** POST|DELETE /group/unblock — section 7.74, 7.75: takes off the blacklist. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  unblock(call, input.group_id, input.user_list),
);
