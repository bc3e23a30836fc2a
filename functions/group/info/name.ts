import { changeInfo } from '../../../shared/domain/group/info.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupInfoName } from '../../../shared/routes/group.ts';

export const handler = operation(groupInfoName, (call, input) =>
  changeInfo(call, input.group_id, { name: input.value }),
);
