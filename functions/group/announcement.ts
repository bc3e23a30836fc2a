import { announcement } from '../../shared/domain/group/announcement.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupAnnouncement } from '../../shared/routes/group.ts';

export const handler = operation(groupAnnouncement, (call, input) =>
  announcement(call, input.group_id, input.announcement_id),
);
