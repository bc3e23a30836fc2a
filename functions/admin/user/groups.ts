import { groupsOf } from '../../../shared/domain/admin/users.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminUserGroups } from '../../../shared/routes/admin.ts';

export const handler = operation(adminUserGroups, (call, input) => groupsOf(call, input.user_id, input));
