import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { userPublic } from '../../shared/routes/user.ts';

export const handler = operation(userPublic, (call, input) => changeProfile(call, { public_info: input.body }));
