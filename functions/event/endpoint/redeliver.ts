import { redeliver } from '../../../shared/domain/event/redelivery.ts';
import { operation } from '../../../shared/http/operation.ts';
import { eventEndpointRedeliver } from '../../../shared/routes/event.ts';

export const handler = operation(eventEndpointRedeliver, (call, { endpoint_id, ...wanted }) =>
  redeliver(call, endpoint_id, wanted),
);
