import * as z from 'zod/mini';
import { handleApplication } from '../../../shared/domain/group/application.ts';
import { entryReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { flag, id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), user_id: id(), approval: flag() });
export const reply = entryReply;

/** POST|PUT /group/apply/handle — section 7.13, 7.14: an admin approves or rejects an application. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  handleApplication(call, input.group_id, input.user_id, input.approval),
);
