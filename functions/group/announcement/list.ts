import { announcementList } from '../../../shared/domain/group/announcement.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupAnnouncementList } from '../../../shared/routes/group.ts';

export const handler = operation(groupAnnouncementList, (call, input) => announcementList(call, input.group_id));
