import { upload } from '../../../shared/domain/file/upload.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupFileUpload } from '../../../shared/routes/file.ts';

export const handler = operation(groupFileUpload, (call, { group_id, ...given }) => upload(call, group_id, given));
