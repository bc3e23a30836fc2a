import * as z from 'zod/mini';
import { changeInfo } from '../../../shared/domain/group/info.ts';
import { groupReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, url } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), value: url() });
export const reply = groupReply;

/** POST|PUT /group/info/avatar — section 7.32, 7.33: changes the avatar; answers the full record. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeInfo(call, input.group_id, { avatar: input.value }),
);
