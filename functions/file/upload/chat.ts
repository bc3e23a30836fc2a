import * as z from 'zod/mini';
import { chatForm } from '../../../shared/domain/file/form-upload.ts';
import { uploadFormReply } from '../../../shared/http/file-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id, integer } from '../../../shared/http/parameters.ts';

/** `to_type` of a group; files of conversations between two are not kept here. */
const GROUP = 2;

export const request = z.object({
  /** What clients say of the content; nothing follows from it. */
  file_type: z.optional(z.unknown()),
  to_id: id(),
  to_type: integer(0, 2 ** 31).check(z.refine((value) => value === GROUP, 'must be 2: files are for groups')),
});
export const reply = uploadFormReply;

/** GET /file/upload/chat: a form to upload what is to become a file of a group. */
export const handler = operation({ access: 'anyone', request, reply, groupParameter: 'to_id' }, (call, input) =>
  chatForm(call, input.to_id),
);
