import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { userNickname } from '../../shared/routes/user.ts';

export const handler = operation(userNickname, (call, input) => changeProfile(call, input));
