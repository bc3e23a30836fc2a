import { applyBatch } from '../../../shared/domain/roster/request.ts';
import { entryOf, uniqueBy } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { rosterApplyBatch } from '../../../shared/routes/roster.ts';

const entry = rosterApplyBatch.entry();

export const handler = operation(rosterApplyBatch, (call, input) =>
  applyBatch(
    call,
    uniqueBy(input.rosterApplications, 'user_id').map((given) => ({
      user_id: given.user_id,
      request: entryOf(entry, given),
    })),
  ),
);
