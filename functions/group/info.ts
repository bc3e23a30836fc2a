import { groupInfo as read } from '../../shared/domain/group/info.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupInfo } from '../../shared/routes/group.ts';

export const handler = operation(groupInfo, (call, input) => read(call, input.group_id));
