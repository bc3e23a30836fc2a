import { unfriend } from '../../shared/domain/roster/friendship.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterDelete } from '../../shared/routes/roster.ts';

export const handler = operation(rosterDelete, (call, input) => unfriend(call, input.user_id));
