import { withdraw } from '../../../shared/domain/group/announcement.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupAnnouncementDelete } from '../../../shared/routes/group.ts';

export const handler = operation(groupAnnouncementDelete, (call, input) =>
  withdraw(call, input.group_id, input.announcement_id),
);
