import * as z from 'zod/mini';
import { applicationList } from '../../shared/domain/group/application.ts';
import { operation } from '../../shared/http/operation.ts';
import { ids, MOST_READ, paging } from '../../shared/http/parameters.ts';

export const request = z.object({ group_list: z._default(ids(0, MOST_READ), []), ...paging(100) });
export const reply = z.array(
  z.object({
    group_id: z.int(),
    applicant_id: z.int(),
    reason: z.string(),
    status: z.int(),
    expired_time: z.int(),
  }),
);

/** POST /group/application_list — section 7.11: applications to the groups that the actor administers. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { group_list, ...page }) =>
  applicationList(call, group_list, page),
);
