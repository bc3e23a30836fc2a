import { describeFriend } from '../../shared/domain/roster/friendship.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterExt } from '../../shared/routes/roster.ts';

export const handler = operation(rosterExt, (call, input) => describeFriend(call, input.user_id, input));
