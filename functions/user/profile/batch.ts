import * as z from 'zod/mini';
import { changeProfiles } from '../../../shared/domain/user/profile.ts';
import { batch, entryOf, MOST_BATCH_BODY, uniqueBy } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { bytes, id, LONGEST, name, text } from '../../../shared/http/parameters.ts';

/** An entry of `list`, checked one by one. */
export const entry = z.object({
  description: z.optional(text(LONGEST.description)),
  nick_name: z.optional(name(LONGEST.name)),
  private_info: z.optional(bytes(LONGEST.infoBytes)),
  public_info: z.optional(bytes(LONGEST.infoBytes)),
});
export const request = batch({ user_id: id() });
export const reply = z.array(z.object({ user_id: z.int(), success: z.boolean(), reason: z.string() }));

/** PUT|POST /user/profile/batch — section 1.20: profiles of up to 100 users, each on its own. */
export const handler = operation({ access: 'admin', request, reply, mostBody: MOST_BATCH_BODY }, (call, input) =>
  changeProfiles(
    call,
    uniqueBy(input.list, 'user_id').map((given) => {
      const { value, error } = entryOf(entry, given);
      return { user_id: given.user_id, change: error ?? value ?? {} };
    }),
  ),
);
