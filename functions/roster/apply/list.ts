import { requestList } from '../../../shared/domain/roster/request.ts';
import { operation } from '../../../shared/http/operation.ts';
import { rosterApplyList } from '../../../shared/routes/roster.ts';

export const handler = operation(rosterApplyList, (call, input) => requestList(call, input));
