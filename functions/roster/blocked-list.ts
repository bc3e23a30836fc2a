import { blockedUsers } from '../../shared/domain/roster/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterBlockedList } from '../../shared/routes/roster.ts';

export const handler = operation(rosterBlockedList, (call) => blockedUsers(call));
