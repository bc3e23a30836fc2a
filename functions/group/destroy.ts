import * as z from 'zod/mini';
import { destroy } from '../../shared/domain/group/dissolution.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = z.boolean();

/** POST|DELETE /group/destroy — section 7.20, 7.21: dissolves the group, for everyone at once. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) => destroy(call, input.group_id));
