import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { userSounds } from '../../shared/routes/user.ts';

export const handler = operation(userSounds, (call, input) => changeOwnSettings(call, { no_sounds: input.value }));
