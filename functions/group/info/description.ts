import { changeInfo } from '../../../shared/domain/group/info.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupInfoDescription } from '../../../shared/routes/group.ts';

export const handler = operation(groupInfoDescription, (call, input) =>
  changeInfo(call, input.group_id, { description: input.value }),
);
