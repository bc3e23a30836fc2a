import * as z from 'zod/mini';
import { userJoined } from '../../shared/domain/group/lists.ts';
import { operation } from '../../shared/http/operation.ts';

export const request = z.object({});
export const reply = z.array(z.int());

/** GET /group/user_joined — section 7.76: ids of the actor's groups, in order of joining. */
export const handler = operation({ access: 'person', request, reply }, (call) => userJoined(call));
