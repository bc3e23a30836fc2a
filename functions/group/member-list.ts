import { memberList } from '../../shared/domain/group/lists.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupMemberList } from '../../shared/routes/member.ts';

export const handler = operation(groupMemberList, (call, { group_id, ...page }) => memberList(call, group_id, page));
