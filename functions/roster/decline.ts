import { decline } from '../../shared/domain/roster/friendship.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterDecline } from '../../shared/routes/roster.ts';

export const handler = operation(rosterDecline, (call, input) => decline(call, input.user_id));
