import { overview } from '../../shared/domain/admin/overview.ts';
import { operation } from '../../shared/http/operation.ts';
import { adminOverview } from '../../shared/routes/admin.ts';

export const handler = operation(adminOverview, (call, input) => overview(call, input.hours));
