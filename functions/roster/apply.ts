import { apply } from '../../shared/domain/roster/request.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterApply } from '../../shared/routes/roster.ts';

export const handler = operation(rosterApply, (call, input) => apply(call, input));
