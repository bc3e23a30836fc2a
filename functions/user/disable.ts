import { setStatus } from '../../shared/domain/user/status.ts';
import { operation } from '../../shared/http/operation.ts';
import { userDisable } from '../../shared/routes/user.ts';

export const handler = operation(userDisable, (call, input) => setStatus(call, input.list, 'disabled'));
