import * as z from 'zod/mini';
import { changeInfo } from '../../../shared/domain/group/info.ts';
import { groupReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, LONGEST, text } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), value: text(LONGEST.description) });
export const reply = groupReply;

/** POST|PUT /group/info/description — section 7.35, 7.36: changes the description; answers the full record. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeInfo(call, input.group_id, { description: input.value }),
);
