import { describeToken } from '../../shared/domain/user/presented-token.ts';
import { operation } from '../../shared/http/operation.ts';
import { tokenSelf } from '../../shared/routes/account.ts';

export const handler = operation(tokenSelf, describeToken);
