import * as z from 'zod/mini';
import { ban } from '../../shared/domain/group/ban.ts';
import { entriesReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { duration, id, ids, MOST_WRITTEN } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), duration: duration(), user_list: ids(1, MOST_WRITTEN) });
export const reply = entriesReply;

/** POST /group/ban — section 7.15: members may not speak for so many minutes. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  ban(call, input.group_id, input.duration, input.user_list),
);
