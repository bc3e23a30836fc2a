import { unblock } from '../../shared/domain/roster/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterUnblock } from '../../shared/routes/roster.ts';

export const handler = operation(rosterUnblock, (call, input) => unblock(call, input.user_id));
