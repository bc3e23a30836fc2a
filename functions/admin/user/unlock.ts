import { unlock } from '../../../shared/domain/admin/users.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminUserUnlock } from '../../../shared/routes/admin.ts';

export const handler = operation(adminUserUnlock, (call, input) => unlock(call, input.user_id));
