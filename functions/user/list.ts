import * as z from 'zod/mini';
import { userList } from '../../shared/domain/user/directory.ts';
import { operation } from '../../shared/http/operation.ts';
import { integer, text } from '../../shared/http/parameters.ts';

export const request = z.object({
  page_num: z._default(integer(1, 2 ** 31 - 1), 1),
  page_size: z._default(integer(1, 500), 50),
  cursor: z.optional(text(1024)),
});
export const reply = z.array(z.object({ status: z.int(), user_id: z.int(), username: z.string() }));

/** GET /user/list — section 1.13: the users of the app in order of registration. */
export const handler = operation({ access: 'admin', request, reply }, (call, input) => userList(call, input));
