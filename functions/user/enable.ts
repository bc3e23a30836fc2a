import * as z from 'zod/mini';
import { setStatus } from '../../shared/domain/user/status.ts';
import { operation } from '../../shared/http/operation.ts';
import { ids, MOST_WRITTEN } from '../../shared/http/parameters.ts';

export const request = z.object({ list: ids(1, MOST_WRITTEN) });
export const reply = z.boolean();

/** PUT /user/enable — section 1.11: all users of the list or none of them. */
export const handler = operation({ access: 'admin', request, reply }, (call, input) =>
  setStatus(call, input.list, 'active'),
);
