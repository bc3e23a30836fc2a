import * as z from 'zod/mini';
import { announcement } from '../../shared/domain/group/announcement.ts';
import { announcementReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), announcement_id: id() });
export const reply = announcementReply;

/** GET /group/announcement — section 7.5: one announcement. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  announcement(call, input.group_id, input.announcement_id),
);
