import * as z from 'zod/mini';
import { addAdmins } from '../../../shared/domain/group/roles.ts';
import { entriesReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, ids, MOST_WRITTEN } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_list: ids(1, MOST_WRITTEN) });
export const reply = entriesReply;

/** POST /group/admin/add — section 7.1: members become admins. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  addAdmins(call, input.group_id, input.user_list),
);
