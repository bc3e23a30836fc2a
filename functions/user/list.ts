import { userList as read } from '../../shared/domain/user/directory.ts';
import { operation } from '../../shared/http/operation.ts';
import { userList } from '../../shared/routes/user.ts';

export const handler = operation(userList, (call, input) => read(call, input));
