import * as z from 'zod/mini';
import { publish } from '../../../shared/domain/group/announcement.ts';
import { announcementReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, LONGEST, title } from '../../../shared/http/parameters.ts';

export const request = z.object({
  group_id: id(),
  title: title(LONGEST.title),
  content: title(LONGEST.content),
});
export const reply = announcementReply;

/** POST /group/announcement/edit — section 7.8: publishes a new announcement. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  publish(call, input.group_id, input.title, input.content),
);
