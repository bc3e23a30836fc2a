import * as z from 'zod/mini';
import { apply } from '../../shared/domain/group/application.ts';
import { entryReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id, LONGEST, text } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), reason: z._default(text(LONGEST.reason), '') });
export const reply = entryReply;

/** POST /group/apply — section 7.12: joins an open group, or applies where an admin is to decide. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  apply(call, input.group_id, input.reason),
);
