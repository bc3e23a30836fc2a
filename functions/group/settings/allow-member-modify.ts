import * as z from 'zod/mini';
import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { flag, id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), value: flag() });
export const reply = z.boolean();

/** POST|PUT /group/settings/allow_member_modify — section 7.61, 7.62. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeGroupSettings(call, input.group_id, { member_modify: input.value }),
);
