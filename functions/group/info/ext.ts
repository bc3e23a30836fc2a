import { changeInfo } from '../../../shared/domain/group/info.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupInfoExt } from '../../../shared/routes/group.ts';

export const handler = operation(groupInfoExt, (call, input) => changeInfo(call, input.group_id, { ext: input.value }));
