import { setMuteMode } from '../../../shared/domain/group/own-membership.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupMsgMuteMode } from '../../../shared/routes/member.ts';

export const handler = operation(groupMsgMuteMode, (call, input) =>
  setMuteMode(call, input.group_id, input.msg_mute_mode),
);
