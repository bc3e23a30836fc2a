import { deleteFiles } from '../../../shared/domain/file/change.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupFileDelete } from '../../../shared/routes/file.ts';

export const handler = operation(groupFileDelete, (call, input) => deleteFiles(call, input.group_id, input.file_list));
