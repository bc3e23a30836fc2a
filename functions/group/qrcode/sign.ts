import * as z from 'zod/mini';
import { signQrCode } from '../../../shared/domain/group/qrcode.ts';
import { operation } from '../../../shared/http/operation.ts';
import { id } from '../../../shared/http/parameters.ts';

export const request = z.object({ group_id: id() });
export const reply = z.object({ qr_info: z.string(), create_at: z.int(), expire_at: z.int() });

/** GET /group/qrcode/sign — section 7.57: a code that lets in without approval. */
export const handler = operation({ access: 'anyone', request, reply }, (call, input) =>
  signQrCode(call, input.group_id),
);
