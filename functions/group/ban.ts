import { ban } from '../../shared/domain/group/ban.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupBan } from '../../shared/routes/member.ts';

export const handler = operation(groupBan, (call, input) => ban(call, input.group_id, input.duration, input.user_list));
