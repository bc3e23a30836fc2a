import * as z from 'zod/mini';
import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { integer } from '../../shared/http/parameters.ts';

export const request = z.object({ value: integer(0, 3) });
export const reply = z.boolean();

/** PUT|POST /user/authmode — section 1.1: how friends are verified. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  changeOwnSettings(call, { auth_mode: input.value }),
);
