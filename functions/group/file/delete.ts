import * as z from 'zod/mini';
import { deleteFiles } from '../../../shared/domain/file/change.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, ids, MOST_WRITTEN } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), file_list: ids(1, MOST_WRITTEN) });
export const reply = z.array(z.object({ file_id: z.int(), result: z.enum(['success', 'fail']), reason: z.string() }));

/** POST|DELETE /group/file/delete — section 7.25, 7.26: removes files and their objects. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  deleteFiles(call, input.group_id, input.file_list),
);
