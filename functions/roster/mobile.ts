import { findByMobile } from '../../shared/domain/roster/friends.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterMobile } from '../../shared/routes/roster.ts';

export const handler = operation(rosterMobile, (call, input) => findByMobile(call, input.mobile));
