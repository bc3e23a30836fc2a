import { destroy } from '../../shared/domain/group/dissolution.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupDestroy } from '../../shared/routes/group.ts';

export const handler = operation(groupDestroy, (call, input) => destroy(call, input.group_id));
