import { getProfile } from '../../../shared/domain/user/profile.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userProfileGet } from '../../../shared/routes/user.ts';

export const handler = operation(userProfileGet, (call) => getProfile(call));
