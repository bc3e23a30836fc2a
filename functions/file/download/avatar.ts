import { downloadAvatar } from '../../../shared/domain/file/download.ts';
import { operation } from '../../../shared/http/operation.ts';
import { fileDownloadAvatar } from '../../../shared/routes/file.ts';

export const handler = operation(fileDownloadAvatar, (call, input) => downloadAvatar(call, input.object_name));
