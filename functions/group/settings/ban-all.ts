import { banAll } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsBanAll } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsBanAll, (call, input) => banAll(call, input.group_id, input.duration));
