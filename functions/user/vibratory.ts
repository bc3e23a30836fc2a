import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { userVibratory } from '../../shared/routes/user.ts';

export const handler = operation(userVibratory, (call, input) => changeOwnSettings(call, { vibratory: input.value }));
