import * as z from 'zod/mini';
import { changeOwnSettings } from '../../../shared/domain/user/settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { LONGEST, name } from '../../../shared/http/parameters.ts';

export const request = z.object({ value: name(LONGEST.name) });
export const reply = z.boolean();

/** PUT|POST /user/push/nickname — section 1.27: the name that push messages show. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  changeOwnSettings(call, { push_nick_name: input.value }),
);
