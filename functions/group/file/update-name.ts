import * as z from 'zod/mini';
import { renameSharedFile } from '../../../shared/domain/file/change.ts';
import { fileReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, LONGEST, title } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), file_id: id(), name: title(LONGEST.fileName) });
export const reply = fileReply;

/** POST|PUT /group/file/update_name — section 7.28, 7.29: gives a file another name. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  renameSharedFile(call, input.group_id, input.file_id, input.name),
);
