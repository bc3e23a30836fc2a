import { explain } from '../../../shared/domain/admin/explanation.ts';
import { operation } from '../../../shared/http/operation.ts';
import { adminAccessExplain } from '../../../shared/routes/admin.ts';

export const handler = operation(adminAccessExplain, (call, input) => explain(call, input));
