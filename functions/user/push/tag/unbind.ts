import { unbindTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { userPushTagUnbind } from '../../../../shared/routes/user.ts';

export const handler = operation(userPushTagUnbind, (call, input) => unbindTags(call, input.tags));
