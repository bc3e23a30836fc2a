import * as z from 'zod/mini';
import { setMobile } from '../../shared/domain/user/identity.ts';
import { operation } from '../../shared/http/operation.ts';

export const request = z.object({
  mobile: z.string('must be text').check(z.regex(/^\+?[0-9]{5,15}$/, 'must be 5 to 15 digits, perhaps after a +')),
});
export const reply = z.boolean();

/** PUT|POST /user/mobile — section 1.14: the mobile number, unique in the app. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => setMobile(call, input.mobile));
