import * as z from 'zod/mini';
import { downloadAvatar } from '../../../shared/domain/file/download.ts';
import { redirectReply } from '../../../shared/http/file-schemas.ts';
import { operation } from '../../../shared/http/operation.ts';
import { text } from '../../../shared/http/parameters.ts';

export const request = z.object({ object_name: text(1024) });
export const reply = redirectReply;

/** GET /file/download/avatar: leads anybody of the app from an avatar's stable address to the picture. */
export const handler = operation({ access: 'anyone', request, reply, queryCredentials: true }, (call, input) =>
  downloadAvatar(call, input.object_name),
);
