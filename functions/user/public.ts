import * as z from 'zod/mini';
import { changeProfile } from '../../shared/domain/user/profile.ts';
import { operation } from '../../shared/http/operation.ts';
import { bytes, LONGEST } from '../../shared/http/parameters.ts';

export const request = z.object({ body: bytes(LONGEST.infoBytes) });
export const reply = z.boolean();

/** PUT|POST /user/public — section 1.21: extension information for everybody; the whole body is the value. */
export const handler = operation({ access: 'person', request, reply, rawBody: true }, (call, input) =>
  changeProfile(call, { public_info: input.body }),
);
