import { groupSettings as read } from '../../shared/domain/group/info.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupSettings } from '../../shared/routes/group.ts';

export const handler = operation(groupSettings, (call, input) => read(call, input.group_id));
