import { searchUsers } from '../../../shared/domain/admin/users.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminUserSearch } from '../../../shared/routes/admin.ts';

export const handler = operation(adminUserSearch, (call, input) => searchUsers(call, input));
