import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { userPrivate } from '../../shared/routes/user.ts';

export const handler = operation(userPrivate, (call, input) => changeProfile(call, { private_info: input.body }));
