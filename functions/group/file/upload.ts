import * as z from 'zod/mini';
import { upload } from '../../../shared/domain/file/upload.ts';
import { fileReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { fileType, id, integer, LONGEST, name, title } from '../../../shared/http/parameters.ts';

export const request = z.object({
  group_id: id(),
  name: title(LONGEST.fileName),
  size: integer(0, 2 ** 31 - 1),
  type: z._default(fileType(), 'application/octet-stream'),
  url: z._default(name(LONGEST.url), ''),
});
export const reply = fileReply;

/** POST /group/file/upload — section 7.30: shares a file, that is still to be uploaded or lies elsewhere. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { group_id, ...given }) =>
  upload(call, group_id, given),
);
