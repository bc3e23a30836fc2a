import { groupChanges as changes } from '../../shared/domain/group/changes.ts';
import { operation } from '../../shared/http/operation.ts';
import { groupChanges } from '../../shared/routes/event.ts';

export const handler = operation(groupChanges, changes);
