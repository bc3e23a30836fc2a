import * as z from 'zod/mini';
import { groupAvatarForm } from '../../../../shared/domain/file/form-upload.ts';
import { uploadFormReply } from '../../../../shared/http/file-schemas.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { id } from '../../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = uploadFormReply;

/** GET /file/upload/avatar/group: a form to upload the avatar of a group. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  groupAvatarForm(call, input.group_id),
);
