import { downloadFile } from '../../../shared/domain/file/download.ts';
import { operation } from '../../../shared/http/operation.ts';
import { fileDownloadChat } from '../../../shared/routes/file.ts';

export const handler = operation(fileDownloadChat, (call, input) => downloadFile(call, input.file_sign));
