import * as z from 'zod/mini';
import { adminList } from '../../shared/domain/group/roles.ts';
import { memberReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = z.array(memberReply);

/** GET /group/admin_list — section 7.4: admins without the owner, in order of appointment. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  adminList(call, input.group_id),
);
