import { applyBatch } from '../../../shared/domain/roster/request.ts';
import { uniqueBy } from '../../../shared/http/batch.ts';
import { operation } from '../../../shared/http/operation.ts';
import { rosterApplyBatch } from '../../../shared/routes/roster.ts';

export const handler = operation(rosterApplyBatch, (call, input) =>
  applyBatch(call, uniqueBy(input.rosterApplications, 'user_id')),
);
