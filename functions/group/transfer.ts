import { transfer } from '../../shared/domain/group/roles.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupTransfer } from '../../shared/routes/group.ts';

export const handler = operation(groupTransfer, (call, input) => transfer(call, input.group_id, input.new_owner));
