import { handleInvitation } from '../../../shared/domain/group/invitation.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupInviteHandle } from '../../../shared/routes/member.ts';

export const handler = operation(groupInviteHandle, (call, input) =>
  handleInvitation(call, input.group_id, input.user_id, input.approval),
);
