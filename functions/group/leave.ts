import * as z from 'zod/mini';
import { leave } from '../../shared/domain/group/departure.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = z.boolean();

/** POST|DELETE /group/leave — section 7.47, 7.48: the actor leaves the group. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => leave(call, input.group_id));
