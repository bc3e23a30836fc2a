import { unbindIdentity } from '../../../shared/domain/user/identities.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userIdentityUnbind } from '../../../shared/routes/user.ts';

export const handler = operation(userIdentityUnbind, (call, { user_id, ...identity }) =>
  unbindIdentity(call, user_id, identity),
);
