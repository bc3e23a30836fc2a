import { refresh } from '../../../shared/domain/access/centrifugo.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessCentrifugoRefresh } from '../../../shared/routes/access.ts';

export const handler = operation(accessCentrifugoRefresh, refresh);
