import * as z from 'zod/mini';
import { invite } from '../../shared/domain/group/invitation.ts';
import { entriesReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, ids, LONGEST, MOST_WRITTEN, text } from '../../shared/http/parameters.ts';

export const request = z.object({
  group_id: id(),
  user_list: ids(1, MOST_WRITTEN),
  reason: z._default(text(LONGEST.reason), ''),
});
export const reply = entriesReply;

/** POST /group/invite — section 7.42: invites, or adds at once who has not asked to consent. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  invite(call, input.group_id, input.reason, input.user_list),
);
