import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsHistoryVisible } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsHistoryVisible, (call, input) =>
  changeGroupSettings(call, input.group_id, { history_visible: input.value }),
);
