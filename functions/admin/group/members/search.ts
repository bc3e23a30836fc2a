import { searchMembers } from '../../../../shared/domain/admin/groups.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { adminGroupMembersSearch } from '../../../../shared/routes/admin.ts';

export const handler = operation(adminGroupMembersSearch, (call, input) => searchMembers(call, input.group_id, input));
