import { memberNames } from '../../../shared/domain/group/own-membership.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupMembersDisplayName } from '../../../shared/routes/member.ts';

export const handler = operation(groupMembersDisplayName, (call, input) =>
  memberNames(call, input.group_id, input.user_list),
);
