import { bindTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { userPushTagBind } from '../../../../shared/routes/user.ts';

export const handler = operation(userPushTagBind, (call, input) => bindTags(call, input.tags));
