import * as z from 'zod/mini';
import { getSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { settingsReply } from '../../../shared/http/user-schemas.ts';

export const request = z.object({});
export const reply = settingsReply;

/** GET /user/settings — section 1.35: the actor's own settings. */
export const handler = operation({ access: 'person', request, reply }, (call) => getSettings(call));
