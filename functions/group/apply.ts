import { apply } from '../../shared/domain/group/application.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupApply } from '../../shared/routes/member.ts';

export const handler = operation(groupApply, (call, input) => apply(call, input.group_id, input.reason));
