import * as z from 'zod/mini';
import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { integer } from '../../../shared/http/parameters.ts';

export const request = z.object({ no_push_start_hour: integer(0, 23), no_push_end_hour: integer(0, 23) });
export const reply = z.boolean();

/** PUT|POST /user/push/limit — section 1.26: hours without push. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changeOwnSettings(call, input));
