import { getSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { userSettingsGet } from '../../../shared/routes/user.ts';

export const handler = operation(userSettingsGet, (call) => getSettings(call));
