import { refreshSubscription } from '../../../shared/domain/access/centrifugo.ts';
import { operation } from '../../../shared/http/operation.ts';
import { accessCentrifugoSubRefresh } from '../../../shared/routes/access.ts';

export const handler = operation(accessCentrifugoSubRefresh, refreshSubscription);
