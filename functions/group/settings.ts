import * as z from 'zod/mini';
import { groupSettings } from '../../shared/domain/group/info.ts';
import { groupReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = groupReply;

/** GET /group/settings — section 7.58: the full record, for members. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  groupSettings(call, input.group_id),
);
