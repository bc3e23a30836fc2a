import { unban } from '../../shared/domain/group/ban.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupUnban } from '../../shared/routes/member.ts';

export const handler = operation(groupUnban, (call, input) => unban(call, input.group_id, input.user_list));
