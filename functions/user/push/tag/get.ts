import { getTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { userPushTagGet } from '../../../../shared/routes/user.ts';

export const handler = operation(userPushTagGet, (call) => getTags(call));
