import { changeProfile } from '../../../shared/domain/user/profile.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userProfileSet } from '../../../shared/routes/user.ts';

export const handler = operation(userProfileSet, (call, input) => changeProfile(call, input));
