import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsAllowMemberInvitation } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsAllowMemberInvitation, (call, input) =>
  changeGroupSettings(call, input.group_id, { member_invite: input.value }),
);
