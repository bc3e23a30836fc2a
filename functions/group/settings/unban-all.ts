import * as z from 'zod/mini';
import { changeGroupSettings } from '../../../shared/domain/group/group-settings.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = z.boolean();

/** POST /group/settings/unban_all — section 7.70: everybody may speak again. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  changeGroupSettings(call, input.group_id, { mutedUntil: 0 }),
);
