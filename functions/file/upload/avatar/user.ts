import { userAvatarForm } from '../../../../shared/domain/file/form-upload.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { fileUploadAvatarUser } from '../../../../shared/routes/file.ts';

export const handler = operation(fileUploadAvatarUser, userAvatarForm);
