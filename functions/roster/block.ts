import { block } from '../../shared/domain/roster/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { rosterBlock } from '../../shared/routes/roster.ts';

export const handler = operation(rosterBlock, (call, input) => block(call, input.user_id));
