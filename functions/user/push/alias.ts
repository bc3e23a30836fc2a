import * as z from 'zod/mini';
import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { LONGEST, text, title } from '../../../shared/http/parameters.ts';

export const request = z.object({ alias: title(LONGEST.name), push_token: z.optional(text(LONGEST.reason)) });
export const reply = z.boolean();

/** POST /user/push/alias — section 1.23: binds an alias, and a push token where one comes. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changeOwnSettings(call, input));
