import { publicList } from '../../shared/domain/group/lists.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupPublicList } from '../../shared/routes/group.ts';

export const handler = operation(groupPublicList, (call, input) => publicList(call, input));
