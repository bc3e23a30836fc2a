import * as z from 'zod/mini';
import { getProfile } from '../../../shared/domain/user/profile.ts';
import { operation } from '../../../shared/http/operation.ts';

export const request = z.object({});
export const reply = z.object({
  user_id: z.int(),
  username: z.string(),
  mobile: z.string(),
  nick_name: z.string(),
  avatar: z.string(),
  description: z.string(),
  email: z.string(),
  private_info: z.string(),
  public_info: z.string(),
});

/** GET /user/profile — section 1.18: the actor's own profile. */
export const handler = operation({ access: 'person', request, reply }, (call) => getProfile(call));
