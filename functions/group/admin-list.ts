import { adminList } from '../../shared/domain/group/roles.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupAdminList } from '../../shared/routes/member.ts';

export const handler = operation(groupAdminList, (call, input) => adminList(call, input.group_id));
