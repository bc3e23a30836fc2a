import * as z from 'zod/mini';
import { changeInfo } from '../../../shared/domain/group/info.ts';
import { groupReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, LONGEST, title } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), value: title(LONGEST.name) });
export const reply = groupReply;

/** POST|PUT /group/info/name — section 7.39, 7.40: changes the name; answers the full record. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeInfo(call, input.group_id, { name: input.value }),
);
