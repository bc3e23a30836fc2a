import { blockedList } from '../../shared/domain/group/block.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupBlockedList } from '../../shared/routes/member.ts';

export const handler = operation(groupBlockedList, (call, { group_id, ...page }) => blockedList(call, group_id, page));
