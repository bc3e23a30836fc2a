import { invite } from '../../shared/domain/group/invitation.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupInvite } from '../../shared/routes/member.ts';

export const handler = operation(groupInvite, (call, input) =>
  invite(call, input.group_id, input.reason, input.user_list),
);
