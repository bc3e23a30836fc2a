import * as z from 'zod/mini';
import { getTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';

export const request = z.object({});
export const reply = z.array(z.string());

/** GET /user/push/tag — section 1.28: the actor's tags. */
export const handler = operation({ access: 'person', request, reply }, (call) => getTags(call));
