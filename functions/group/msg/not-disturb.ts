import { setMuteMode } from '../../../shared/domain/group/own-membership.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupMsgNotDisturb } from '../../../shared/routes/member.ts';

export const handler = operation(groupMsgNotDisturb, (call, input) =>
  setMuteMode(call, input.group_id, input.value ? 1 : 0),
);
