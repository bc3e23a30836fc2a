import * as z from 'zod/mini';
import { changeProfiles } from '../../../shared/domain/user/profile.ts';
import { batch, entryOf, MOST_BATCH_BODY, uniqueBy } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, url } from '../../../shared/http/parameters.ts';

/** An entry of `list`, checked one by one. */
export const entry = z.object({ avatar: url() });
export const request = batch({ user_id: id() });
export const reply = z.array(z.object({ user_id: z.int(), success: z.boolean(), reason: z.string() }));

/** PUT|POST /user/avatar/batch — section 1.3: avatars of up to 100 users, each on its own. */
export const handler = operation({ access: 'admin', request, reply, mostBody: MOST_BATCH_BODY }, (call, input) =>
  changeProfiles(
    call,
    uniqueBy(input.list, 'user_id').map((given) => {
      const { value, error } = entryOf(entry, given);
      return { user_id: given.user_id, change: error ?? value ?? {} };
    }),
  ),
);
