import { groupList } from '../../../shared/domain/admin/groups.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminGroupList } from '../../../shared/routes/admin.ts';

export const handler = operation(adminGroupList, (call, input) => groupList(call, input));
