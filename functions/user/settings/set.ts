import { changeSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userSettingsSet } from '../../../shared/routes/user.ts';

export const handler = operation(userSettingsSet, (call, { user_id, ...change }) =>
  changeSettings(call, user_id, change),
);
