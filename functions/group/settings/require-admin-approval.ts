import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsRequireAdminApproval } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsRequireAdminApproval, (call, input) =>
  changeGroupSettings(call, input.group_id, { approval: input.apply_approval as 0 | 1 | 2 }),
);
