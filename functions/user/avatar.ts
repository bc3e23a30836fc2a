import * as z from 'zod/mini';
import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { url } from '../../shared/http/parameters.ts';

export const request = z.object({ avatar: url() });
export const reply = z.boolean();

/** PUT|POST /user/avatar — section 1.2: address of the avatar. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changeProfile(call, input));
