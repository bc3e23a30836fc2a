import { assignOwner } from '../../../../shared/domain/admin/owner.ts';
import { operation } from '../../../../shared/http/operation.ts';
import { adminGroupOwnerAssign } from '../../../../shared/routes/admin.ts';

export const handler = operation(adminGroupOwnerAssign, (call, input) =>
  assignOwner(call, input.group_id, input.new_owner),
);
