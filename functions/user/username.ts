import { rename } from '../../shared/domain/user/identity.ts';
import { operation } from '../../shared/http/operation.ts';
import { userUsername } from '../../shared/routes/user.ts';

export const handler = operation(userUsername, (call, input) => rename(call, input.username));
