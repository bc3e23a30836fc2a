import * as z from 'zod/mini';
import { downloadFile } from '../../../shared/domain/file/download.ts';
import { redirectReply } from '../../../shared/http/file-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { text } from '../../../shared/http/parameters.ts';

export const request = z.object({ file_sign: text(1024) });
export const reply = redirectReply;

/** GET /file/download/chat: leads members from a file's stable address to the file. */
export const handler = operation({ access: 'anyone', request, reply, queryCredentials: true }, (call, input) =>
  downloadFile(call, input.file_sign),
);
