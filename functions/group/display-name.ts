import { setDisplayName } from '../../shared/domain/group/own-membership.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupDisplayName } from '../../shared/routes/member.ts';

export const handler = operation(groupDisplayName, (call, input) => setDisplayName(call, input.group_id, input.value));
