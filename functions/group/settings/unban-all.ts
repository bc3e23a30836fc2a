import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsUnbanAll } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsUnbanAll, (call, input) =>
  changeGroupSettings(call, input.group_id, { mutedUntil: 0 }),
);
