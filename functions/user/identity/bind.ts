import { bindIdentity } from '../../../shared/domain/user/identities.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userIdentityBind } from '../../../shared/routes/user.ts';

export const handler = operation(userIdentityBind, (call, { user_id, ...identity }) =>
  bindIdentity(call, user_id, identity),
);
