import * as z from 'zod/mini';
import { fileList } from '../../../shared/domain/file/list.ts';
import { fileReply } from '../../../shared/http/group-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, paging } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id(), ...paging(100) });
export const reply = z.array(fileReply);

/** GET /group/file/list — section 7.27: the files of a group, the newest first. */
export const handler = operation({ access: 'anyone', request, reply }, (call, { group_id, ...page }) =>
  fileList(call, group_id, page),
);
