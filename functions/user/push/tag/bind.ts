import * as z from 'zod/mini';
import { bindTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { LONGEST, list, MOST_WRITTEN, title } from '../../../../shared/http/parameters.ts';

export const request = z.object({ tags: list(title(LONGEST.tag), 1, MOST_WRITTEN) });
export const reply = z.boolean();

/** POST /user/push/tag — section 1.29: binds tags. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => bindTags(call, input.tags));
