import * as z from 'zod/mini';
import { changeOwnSettings } from '../../shared/domain/user/settings.ts';
import { operation } from '../../shared/http/operation.ts';
import { flag } from '../../shared/http/parameters.ts';

export const request = z.object({ value: flag() });
export const reply = z.boolean();

/** PUT|POST /user/sounds — section 1.37: whether messages arrive without a sound. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  changeOwnSettings(call, { no_sounds: input.value }),
);
