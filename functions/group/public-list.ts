import * as z from 'zod/mini';
import { publicList } from '../../shared/domain/group/lists.ts';
import { operation } from '../../shared/http/operation.ts';
import { paging } from '../../shared/http/parameters.ts';

export const request = z.object({ ...paging(1000) });
export const reply = z.array(z.int());

/** GET /group/public_list — section 7.55: public groups, the newest first. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) => publicList(call, input));
