import * as z from 'zod/mini';
import { rename } from '../../shared/domain/user/identity.ts';
import { operation } from '../../shared/http/operation.ts';
import { username } from '../../shared/http/user-schemas.ts';

export const request = z.object({ username: username() });
export const reply = z.boolean();

/** PUT|POST /user/username — section 1.40: another username; the old one is free at once. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => rename(call, input.username));
