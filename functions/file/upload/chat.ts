import { chatForm } from '../../../shared/domain/file/form-upload.ts';
import { operation } from '../../../shared/http/operation.ts';
import { fileUploadChat } from '../../../shared/routes/file.ts';

export const handler = operation(fileUploadChat, (call, input) => chatForm(call, input.to_id));
