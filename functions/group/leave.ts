import { leave } from '../../shared/domain/group/departure.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupLeave } from '../../shared/routes/member.ts';

export const handler = operation(groupLeave, (call, input) => leave(call, input.group_id));
