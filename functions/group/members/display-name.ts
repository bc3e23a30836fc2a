import * as z from 'zod/mini';
import { memberNames } from '../../../shared/domain/group/own-membership.ts';
import { memberReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, ids, MOST_READ } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_list: ids(1, MOST_READ) });
export const reply = z.array(memberReply);

/** POST /group/members/display_name — section 7.50: those of the list that are members. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  memberNames(call, input.group_id, input.user_list),
);
