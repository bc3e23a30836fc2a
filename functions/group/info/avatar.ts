import { changeInfo } from '../../../shared/domain/group/info.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupInfoAvatar } from '../../../shared/routes/group.ts';

export const handler = operation(groupInfoAvatar, (call, input) =>
  changeInfo(call, input.group_id, { avatar: input.value }),
);
