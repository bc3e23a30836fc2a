import { friendList } from '../../../shared/domain/roster/friends.ts';
import { operation } from '../../../shared/http/operation.ts';
import { rosterListIds } from '../../../shared/routes/roster.ts';

export const handler = operation(rosterListIds, (call, input) => friendList(call, input));
