import { groupAvatarForm } from '../../../../shared/domain/file/form-upload.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { fileUploadAvatarGroup } from '../../../../shared/routes/file.ts';

export const handler = operation(fileUploadAvatarGroup, (call, input) => groupAvatarForm(call, input.group_id));
