import * as z from 'zod/mini';
import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { bytes, LONGEST } from '../../shared/http/parameters.ts';

export const request = z.object({ body: bytes(LONGEST.infoBytes) });
export const reply = z.boolean();

/** PUT|POST /user/private — section 1.17: extension information for the user alone; the whole body is the value. */
export const handler = operation({ access: 'person', request, reply, rawBody: true }, (call, input) =>
  changeProfile(call, { private_info: input.body }),
);
