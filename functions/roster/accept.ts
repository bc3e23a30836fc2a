import { accept } from '../../shared/domain/roster/friendship.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterAccept } from '../../shared/routes/roster.ts';

export const handler = operation(rosterAccept, (call, input) => accept(call, input.user_id));
