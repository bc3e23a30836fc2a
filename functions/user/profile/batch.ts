import { changeProfiles } from '../../../shared/domain/user/profile.ts';
import { entryOf, uniqueBy } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userProfileBatch } from '../../../shared/routes/user.ts';

const entry = userProfileBatch.entry();

export const handler = operation(userProfileBatch, (call, input) =>
  changeProfiles(
    call,
    uniqueBy(input.list, 'user_id').map((given) => ({ user_id: given.user_id, change: entryOf(entry, given) })),
  ),
);
