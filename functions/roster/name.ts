import { findByName } from '../../shared/domain/roster/friends.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterName } from '../../shared/routes/roster.ts';

export const handler = operation(rosterName, (call, input) => findByName(call, input.username));
