import { removeAdmins } from '../../../shared/domain/group/roles.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupAdminRemove } from '../../../shared/routes/member.ts';

export const handler = operation(groupAdminRemove, (call, input) =>
  removeAdmins(call, input.group_id, input.user_list),
);
