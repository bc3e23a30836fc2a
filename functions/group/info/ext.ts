import * as z from 'zod/mini';
import { changeInfo } from '../../../shared/domain/group/info.ts';
import { groupReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { bytes, id, LONGEST } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), value: bytes(LONGEST.infoBytes) });
export const reply = groupReply;

/** POST|PUT /group/info/ext — section 7.37, 7.38: changes the ext; answers the full record. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeInfo(call, input.group_id, { ext: input.value }),
);
