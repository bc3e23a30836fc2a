import * as z from 'zod/mini';
import { announcementList } from '../../../shared/domain/group/announcement.ts';
import { announcementReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = z.array(announcementReply);

/** GET /group/announcement/list — section 7.10: the announcements kept, the oldest first; of long ones the newest that fit into 6 MB. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  announcementList(call, input.group_id),
);
