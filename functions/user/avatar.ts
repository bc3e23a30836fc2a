import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { userAvatar } from '../../shared/routes/user.ts';

export const handler = operation(userAvatar, (call, input) => changeProfile(call, input));
