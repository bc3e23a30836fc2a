import * as z from 'zod/mini';
import { setPushMode } from '../../../shared/domain/group/own-membership.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, integer } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), msg_push_mode: integer(-(2 ** 31), 2 ** 31 - 1) });
export const reply = z.object({});

/** POST|PUT /group/msg/push_mode — section 7.53, 7.54: which messages the actor is pushed. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  setPushMode(call, input.group_id, input.msg_push_mode),
);
