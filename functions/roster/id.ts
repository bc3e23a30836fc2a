import { findById } from '../../shared/domain/roster/friends.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterId } from '../../shared/routes/roster.ts';

export const handler = operation(rosterId, (call, input) => findById(call, input.user_id));
