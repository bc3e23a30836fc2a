import * as z from 'zod/mini';
import { groupInfos } from '../../../shared/domain/group/info.ts';
import { operation } from '../../../shared/http/operation.ts';
import { ids, MOST_READ } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_list: ids(1, MOST_READ) });
export const reply = z.array(
  z.object({
    group_id: z.int(),
    name: z.string(),
    avatar: z.string(),
    type: z.int(),
    status: z.int(),
    owner: z.int(),
    count: z.int(),
    capacity: z.int(),
    apply_approval: z.int(),
    msg_mute_mode: z.int(),
    msg_push_mode: z.int(),
  }),
);

/** POST /group/info/batch — section 7.34: what is known of several groups; an avatar longer than its share of 6 MB is empty. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  groupInfos(call, input.group_list),
);
