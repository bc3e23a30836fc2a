import { block } from '../../shared/domain/group/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupBlock } from '../../shared/routes/member.ts';

export const handler = operation(groupBlock, (call, input) => block(call, input.group_id, input.user_list));
