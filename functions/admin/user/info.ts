import { userInfo } from '../../../shared/domain/admin/users.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminUserInfo } from '../../../shared/routes/admin.ts';

export const handler = operation(adminUserInfo, (call, input) => userInfo(call, input.user_id));
