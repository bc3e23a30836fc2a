import * as z from 'zod/mini';
import { unbindAllTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';

export const request = z.object({});
export const reply = z.boolean();

/** DELETE /user/push/tag/all — section 1.31: takes all tags off. */
export const handler = operation({ access: 'person', request, reply }, (call) => unbindAllTags(call));
