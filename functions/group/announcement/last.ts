import * as z from 'zod/mini';
import { lastAnnouncement } from '../../../shared/domain/group/announcement.ts';
import { announcementReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = announcementReply;

/** GET /group/announcement/last — section 7.9: the latest announcement. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  lastAnnouncement(call, input.group_id),
);
