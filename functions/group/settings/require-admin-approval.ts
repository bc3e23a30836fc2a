import * as z from 'zod/mini';
import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, integer } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), apply_approval: integer(0, 2) });
export const reply = z.boolean();

/** POST|PUT /group/settings/require_admin_approval — section 7.68, 7.69. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeGroupSettings(call, input.group_id, { approval: input.apply_approval as 0 | 1 | 2 }),
);
