import { userJoined } from '../../shared/domain/group/lists.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupUserJoined } from '../../shared/routes/group.ts';

export const handler = operation(groupUserJoined, (call) => userJoined(call));
