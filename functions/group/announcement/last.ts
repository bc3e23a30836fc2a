import { lastAnnouncement } from '../../../shared/domain/group/announcement.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupAnnouncementLast } from '../../../shared/routes/group.ts';

export const handler = operation(groupAnnouncementLast, (call, input) => lastAnnouncement(call, input.group_id));
