import * as z from 'zod/mini';
import { unbindTags } from '../../../../shared/domain/user/tags.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { LONGEST, list, MOST_WRITTEN, title } from '../../../../shared/http/parameters.ts';

export const request = z.object({ tags: list(title(LONGEST.tag), 1, MOST_WRITTEN) });
export const reply = z.boolean();

/** DELETE /user/push/tag — section 1.30: takes tags off. */
export const handler = operation({ access: 'person', request, reply }, (call, input) => unbindTags(call, input.tags));
