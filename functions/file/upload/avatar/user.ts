import * as z from 'zod/mini';
import { userAvatarForm } from '../../../../shared/domain/file/form-upload.ts';
import { uploadFormReply } from '../../../../shared/http/file-schemas.ts';
import { operation } from '../../../../shared/http/operation.ts';

export const request = z.object({});
export const reply = uploadFormReply;

/** GET /file/upload/avatar/user: a form to upload one's own avatar. */
export const handler = operation({ access: 'person', request, reply }, userAvatarForm);
