import { changeProfiles } from '../../../shared/domain/user/profile.ts';
import { entryOf, uniqueBy } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userAvatarBatch } from '../../../shared/routes/user.ts';

const entry = userAvatarBatch.entry();

export const handler = operation(userAvatarBatch, (call, input) =>
  changeProfiles(
    call,
    uniqueBy(input.list, 'user_id').map((given) => ({ user_id: given.user_id, change: entryOf(entry, given) })),
  ),
);
