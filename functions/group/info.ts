import * as z from 'zod/mini';
import { groupInfo } from '../../shared/domain/group/info.ts';
import { groupReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = groupReply;

/** GET /group/info — section 7.31: the full record, for anyone in the app. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  groupInfo(call, input.group_id),
);
