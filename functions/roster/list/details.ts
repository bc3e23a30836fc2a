import { friendDetails } from '../../../shared/domain/roster/friends.ts';
import { operation } from '../../../shared/http/operation.ts';
import { rosterListDetails } from '../../../shared/routes/roster.ts';

export const handler = operation(rosterListDetails, (call, input) => friendDetails(call, input.list));
