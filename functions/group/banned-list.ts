import { bannedList } from '../../shared/domain/group/ban.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupBannedList } from '../../shared/routes/member.ts';

export const handler = operation(groupBannedList, (call, { group_id, ...page }) => bannedList(call, group_id, page));
