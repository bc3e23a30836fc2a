import { setStatus } from '../../shared/domain/user/status.ts';
import { operation } from '../../shared/http/operation.ts';
import { userEnable } from '../../shared/routes/user.ts';

export const handler = operation(userEnable, (call, input) => setStatus(call, input.list, 'active'));
