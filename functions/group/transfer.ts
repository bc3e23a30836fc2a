import * as z from 'zod/mini';
import { transfer } from '../../shared/domain/group/roles.ts';
import { entryReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), new_owner: id() });
export const reply = entryReply;

/** POST|PUT /group/transfer — section 7.71, 7.72: a member becomes owner, the old owner a plain member. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  transfer(call, input.group_id, input.new_owner),
);
