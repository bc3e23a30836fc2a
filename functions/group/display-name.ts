import * as z from 'zod/mini';
import { setDisplayName } from '../../shared/domain/group/own-membership.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, LONGEST, name } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), value: name(LONGEST.name) });
export const reply = z.boolean();

/** POST|PUT /group/display_name — section 7.22, 7.23: the actor's name in the group. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  setDisplayName(call, input.group_id, input.value),
);
