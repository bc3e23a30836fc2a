import * as z from 'zod/mini';
import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { LONGEST, name } from '../../shared/http/parameters.ts';

export const request = z.object({ nick_name: name(LONGEST.name) });
export const reply = z.boolean();

/** PUT|POST /user/nickname — section 1.15: the nickname. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changeProfile(call, input));
