import * as z from 'zod/mini';
import { memberList } from '../../shared/domain/group/lists.ts';
import { memberReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, paging } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), ...paging(1000) });
export const reply = z.array(memberReply);

/** GET /group/member_list — section 7.49: the members in order of joining. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { group_id, ...page }) =>
  memberList(call, group_id, page),
);
