import { file } from '../../shared/domain/file/list.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupFile } from '../../shared/routes/file.ts';

export const handler = operation(groupFile, (call, input) => file(call, input.group_id, input.file_id));
