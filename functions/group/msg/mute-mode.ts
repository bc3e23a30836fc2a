import * as z from 'zod/mini';
import { setMuteMode } from '../../../shared/domain/group/own-membership.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, integer } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), msg_mute_mode: integer(0, 2) });
export const reply = z.object({});

/** POST|PUT /group/msg/mute_mode — section 7.51, 7.52: which messages the actor hides. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  setMuteMode(call, input.group_id, input.msg_mute_mode),
);
