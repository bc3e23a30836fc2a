import * as z from 'zod/mini';
import { file } from '../../shared/domain/file/list.ts';
import { fileReply } from '../../shared/http/group-schemas.ts';
import { operation } from '../../shared/http/operation.ts';
import { id } from '../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), file_id: id() });
export const reply = fileReply;

/** GET /group/file — section 7.24: a file, with an address to fetch it from. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  file(call, input.group_id, input.file_id),
);
