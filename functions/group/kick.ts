import { kick } from '../../shared/domain/group/departure.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupKick } from '../../shared/routes/member.ts';

export const handler = operation(groupKick, (call, input) => kick(call, input.group_id, input.user_list));
