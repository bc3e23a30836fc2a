import { setPushMode } from '../../../shared/domain/group/own-membership.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupMsgPushMode } from '../../../shared/routes/member.ts';

export const handler = operation(groupMsgPushMode, (call, input) =>
  setPushMode(call, input.group_id, input.msg_push_mode),
);
