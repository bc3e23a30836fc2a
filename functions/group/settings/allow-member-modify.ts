import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsAllowMemberModify } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsAllowMemberModify, (call, input) =>
  changeGroupSettings(call, input.group_id, { member_modify: input.value }),
);
