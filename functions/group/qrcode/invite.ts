import * as z from 'zod/mini';
import { joinByQrCode } from '../../../shared/domain/group/qrcode.ts';
import { operation } from '../../../shared/http/operation.ts';
import { text } from '../../../shared/http/parameters.ts';

export const request = z.object({ qr_info: text(1024) });
export const reply = z.object({ group_id: z.int(), name: z.string() });

/** POST /group/qrcode/invite — section 7.56: joins by a code. */
export const handler = operation({ access: 'person', request, reply }, (call, input) =>
  joinByQrCode(call, input.qr_info),
);
