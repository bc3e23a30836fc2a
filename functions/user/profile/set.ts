import * as z from 'zod/mini';
import { changeProfile } from '../../../shared/domain/user/profile.ts';
import { operation } from '../../../shared/http/operation.ts';
import { bytes, LONGEST, name, text } from '../../../shared/http/parameters.ts';

export const request = z.object({
  description: z.optional(text(LONGEST.description)),
  nick_name: z.optional(name(LONGEST.name)),
  private_info: z.optional(bytes(LONGEST.infoBytes)),
  public_info: z.optional(bytes(LONGEST.infoBytes)),
});
export const reply = z.boolean();

/** PUT|POST /user/profile — section 1.19: changes the fields that came. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => changeProfile(call, input));
