import { groupInfos } from '../../../shared/domain/group/info.ts';
import { operation } from '../../../shared/http/operation.ts';
import { groupInfoBatch } from '../../../shared/routes/group.ts';

export const handler = operation(groupInfoBatch, (call, input) => groupInfos(call, input.group_list));
