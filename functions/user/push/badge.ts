import * as z from 'zod/mini';
import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { integer } from '../../../shared/http/parameters.ts';

export const request = z.object({ badge: integer(0, 2 ** 31 - 1) });
export const reply = z.boolean();

/** POST /user/push/badge — section 1.24: the number that the app icon shows. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changeOwnSettings(call, input));
