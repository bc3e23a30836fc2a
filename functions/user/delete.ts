import { deleteUser } from '../../shared/domain/user/deletion.ts';
import { operation } from '../../shared/http/operation.ts';
import { userDelete } from '../../shared/routes/user.ts';

export const handler = operation(userDelete, (call, input) => deleteUser(call, input.password));
