import { fileList } from '../../../shared/domain/file/list.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupFileList } from '../../../shared/routes/file.ts';

export const handler = operation(groupFileList, (call, { group_id, ...page }) => fileList(call, group_id, page));
