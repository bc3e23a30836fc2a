import { unbindAllTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { userPushTagAll } from '../../../../shared/routes/user.ts';

export const handler = operation(userPushTagAll, (call) => unbindAllTags(call));
