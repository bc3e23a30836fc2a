import { applicationList } from '../../shared/domain/group/application.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupApplicationList } from '../../shared/routes/member.ts';

export const handler = operation(groupApplicationList, (call, { group_list, ...page }) =>
  applicationList(call, group_list, page),
);
