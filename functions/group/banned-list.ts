import * as z from 'zod/mini';
import { bannedList } from '../../shared/domain/group/ban.ts';
import { memberReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, paging } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), ...paging(1000) });
export const reply = z.array(z.extend(memberReply, { expired_time: z.int() }));

/** GET /group/banned_list — section 7.16: members banned at this moment, the newest first. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { group_id, ...page }) =>
  bannedList(call, group_id, page),
);
