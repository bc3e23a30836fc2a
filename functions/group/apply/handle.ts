import { handleApplication } from '../../../shared/domain/group/application.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupApplyHandle } from '../../../shared/routes/member.ts';

export const handler = operation(groupApplyHandle, (call, input) =>
  handleApplication(call, input.group_id, input.user_id, input.approval),
);
