import { renameSharedFile } from '../../../shared/domain/file/change.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupFileUpdateName } from '../../../shared/routes/file.ts';

export const handler = operation(groupFileUpdateName, (call, input) =>
  renameSharedFile(call, input.group_id, input.file_id, input.name),
);
