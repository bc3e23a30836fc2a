import { unblock } from '../../shared/domain/group/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupUnblock } from '../../shared/routes/member.ts';

export const handler = operation(groupUnblock, (call, input) => unblock(call, input.group_id, input.user_list));
