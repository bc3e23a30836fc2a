import { setMembers } from '../../../../shared/domain/admin/members.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { adminGroupMembersSet } from '../../../../shared/routes/admin.ts';

export const handler = operation(adminGroupMembersSet, (call, input) => setMembers(call, input));
