import { mayMessage } from '../../shared/domain/roster/message.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterMayMessage } from '../../shared/routes/roster.ts';

export const handler = operation(rosterMayMessage, (call, input) => mayMessage(call, input.user_id, input.roster_id));
