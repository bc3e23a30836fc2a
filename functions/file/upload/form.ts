import { postFile } from '../../../shared/domain/file/posted-form.ts';
import { fileOf } from '../../../shared/http/multipart.ts';
import { operation } from '../../../shared/http/operation.ts';
import { fileUploadForm } from '../../../shared/routes/file.ts';

export const handler = operation(fileUploadForm, (call, input) =>
  postFile(call, input.form_sign, () => fileOf(input.form)),
);
