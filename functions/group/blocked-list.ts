import * as z from 'zod/mini';
import { blockedList } from '../../shared/domain/group/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, paging } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), ...paging(1000) });
export const reply = z.array(z.object({ user_id: z.int(), group_id: z.int(), created_at: z.string() }));

/** GET /group/blocked_list — section 7.18: the blacklist, the newest first. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { group_id, ...page }) =>
  blockedList(call, group_id, page),
);
