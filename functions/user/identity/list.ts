import { listIdentities } from '../../../shared/domain/user/identities.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userIdentityList } from '../../../shared/routes/user.ts';

export const handler = operation(userIdentityList, (call) => listIdentities(call));
