import { listAttempts } from '../../../shared/domain/event/redelivery.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointDeliveries } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointDeliveries, (call, { endpoint_id, limit }) =>
  listAttempts(call, endpoint_id, limit),
);
