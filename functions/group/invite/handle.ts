import * as z from 'zod/mini';
import { handleInvitation } from '../../../shared/domain/group/invitation.ts';
import { operation } from '../../../shared/http/operation.ts';
import { flag, id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_id: id(), approval: flag() });
export const reply = z.object({});

/** POST|PUT /group/invite/handle — section 7.43, 7.44: the invitee's answer; `user_id` is the inviter. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  handleInvitation(call, input.group_id, input.user_id, input.approval),
);
