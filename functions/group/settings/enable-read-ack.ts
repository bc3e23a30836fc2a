import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupSettingsEnableReadAck } from '../../../shared/routes/group.ts';

export const handler = operation(groupSettingsEnableReadAck, (call, input) =>
  changeGroupSettings(call, input.group_id, { read_ack: input.value }),
);
