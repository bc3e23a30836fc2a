import { publish } from '../../../shared/domain/group/announcement.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupAnnouncementEdit } from '../../../shared/routes/group.ts';

export const handler = operation(groupAnnouncementEdit, (call, input) =>
  publish(call, input.group_id, input.title, input.content),
);
