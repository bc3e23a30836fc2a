import * as z from 'zod/mini';
import { invitationList } from '../../shared/domain/group/invitation.ts';
import { operation } from '../../shared/http/operation.ts';
import { paging } from '../../shared/http/parameters.ts';

export const request = z.object({ ...paging(100) });
export const reply = z.array(
  z.object({
    group_id: z.int(),
    inviter_id: z.int(),
    invitee_id: z.int(),
    reason: z.string(),
    status: z.int(),
    expired_time: z.int(),
    updated_at: z.string(),
  }),
);

/** GET /group/invitation_list — section 7.41: invitations to the actor, the newest first. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => invitationList(call, input));
