import { searchGroups } from '../../../shared/domain/admin/groups.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminGroupSearch } from '../../../shared/routes/admin.ts';

export const handler = operation(adminGroupSearch, (call, input) => searchGroups(call, input));
