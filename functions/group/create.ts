import { createGroup } from '../../shared/domain/group/creation.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupCreate } from '../../shared/routes/group.ts';

export const handler = operation(groupCreate, (call, { type, ...input }) =>
  createGroup(call, { ...input, type: type as 0 | 1 | 2 }),
);
