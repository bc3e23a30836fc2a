import { addAdmins } from '../../../shared/domain/group/roles.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupAdminAdd } from '../../../shared/routes/member.ts';

export const handler = operation(groupAdminAdd, (call, input) => addAdmins(call, input.group_id, input.user_list));
