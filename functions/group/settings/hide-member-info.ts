import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsHideMemberInfo } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsHideMemberInfo, (call, input) =>
  changeGroupSettings(call, input.group_id, { hide_member_info: input.value }),
);
