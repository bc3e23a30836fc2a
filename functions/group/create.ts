import * as z from 'zod/mini';
import { createGroup } from '../../shared/domain/group/creation.ts';
import { groupReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { ids, integer, LONGEST, MOST_WRITTEN, text, title, url } from '../../shared/http/parameters.ts';

export const request = z.object({
  name: title(LONGEST.name),
  avatar: z._default(url(), ''),
  description: z._default(text(LONGEST.description), ''),
  type: z._default(integer(0, 2), 0),
  user_list: z._default(ids(0, MOST_WRITTEN), []),
});
export const reply = groupReply;

/** POST /group/create — section 7.19: the actor becomes owner and first member; `user_list` is invited. */
export const handler = operation({ access: 'person', request, reply }, (call, { type, ...input }) =>
  createGroup(call, { ...input, type: type as 0 | 1 | 2 }),
);
